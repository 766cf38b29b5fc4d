package chat.server.log;

/**
 * Sizes of a log.
 *
 * @param segmentBytes a segment that would grow beyond this is followed by a new one; at least 128.
 *     One append always goes into one segment, so a single large one may exceed it
 * @param cacheBytes how much of the newest entries is also kept in memory, at least 0
 */
public record LogOptions(long segmentBytes, long cacheBytes) {
  /**
   * 16 MiB a segment: a start reads and checks all that is kept, which is one or two while every
   * server is level, and takes 0.5 s of processor time for 100 MiB. 8 MiB of the tail in memory:
   * what followers that are nearly level ask.
   */
  public static final LogOptions DEFAULT = new LogOptions(16L << 20, 8L << 20);

  /** The default but for the size of a segment. */
  public static LogOptions ofSegmentBytes(long segmentBytes) {
    return new LogOptions(segmentBytes, DEFAULT.cacheBytes());
  }

  public LogOptions {
    if (segmentBytes < 128 || segmentBytes > 1 << 30) {
      throw new IllegalArgumentException("segmentBytes " + segmentBytes + " not in 128..2^30");
    }
    if (cacheBytes < 0) {
      throw new IllegalArgumentException("negative cacheBytes " + cacheBytes);
    }
  }
}
