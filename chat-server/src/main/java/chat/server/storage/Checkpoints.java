package chat.server.storage;

import java.util.concurrent.TimeUnit;

/**
 * When a checkpoint is due: when there is something to save by it. Each one writes the pages to the
 * root anew and leaves H2 one chunk more to remember, for good: every two seconds, with one message
 * a second, half a GB of disk and some 15 MB of memory a day. Once an hour costs nothing, and the
 * log, which waits for two of them, does not grow for ever where servers are restarted every day.
 *
 * @param nanosMin time between two
 * @param nanosMax time after which a single entry is enough
 * @param entries that would have to be read again from the log after a crash
 * @param bytes of them
 */
record Checkpoints(long nanosMin, long nanosMax, int entries, long bytes) {
  /** However much is written, a checkpoint does not wait for more than this. */
  private static final long BYTES_MAX = 64L << 20;

  static final Checkpoints USUAL =
      new Checkpoints(TimeUnit.SECONDS.toNanos(2), TimeUnit.HOURS.toNanos(1), 10_000, BYTES_MAX);

  /** The usual ones for a log that may not grow large: due after so many bytes of it at most. */
  static Checkpoints ofBytes(long bytes) {
    return new Checkpoints(
        USUAL.nanosMin, USUAL.nanosMax, USUAL.entries, Math.min(USUAL.bytes, bytes));
  }

  boolean isDue(long nanosSince, long entriesSince, long bytesSince) {
    boolean isMuch = entriesSince >= entries || bytesSince >= bytes;
    return bytesSince > BYTES_MAX
        || (nanosSince > nanosMin && isMuch)
        || (nanosSince > nanosMax && entriesSince > 0);
  }
}
