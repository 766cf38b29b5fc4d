package chat.server.replication;

/**
 * A place in the log: the index of an entry (the first is 1), the epoch it was appended in, and the
 * running hash over everything up to it. Equal positions mean equal logs up to there (R12).
 */
public record LogPosition(long index, Epoch epoch, long hash) {
  /** Before the first entry. */
  public static final LogPosition START = new LogPosition(0, Epoch.ZERO, 0);

  public LogPosition {
    if (index < 0) {
      throw new IllegalArgumentException("negative index " + index);
    }
  }

  @Override
  public String toString() {
    return index + "@" + epoch + "#" + Long.toHexString(hash);
  }
}
