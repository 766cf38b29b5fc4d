package chat.server.replication;

/**
 * The times of the protocol, in nanoseconds of the caller's clock, and the sizes of its messages.
 *
 * @param heartbeatInterval between heartbeats to every other server
 * @param leaseTimeout T_L: how long an echo counts, from the sending of the heartbeat (R4)
 * @param exclusionTimeout T_X: how long after its last echo to a member nobody promises to leave
 *     that member out unproven (R4); longer than {@code leaseTimeout}
 * @param rankDelay how long a candidate waits for each one above it (R17)
 * @param roundTimeout after which a round of a view change has failed
 * @param joinTimeout the same for a round that takes a server in, the first time it tries
 * @param roundPatience how long a promise to another candidate is left alone
 * @param retryDelayMin the first pause after a failed round; doubled up to {@code retryDelayMax}
 * @param stillHeardWindow how long other members may take to say that a suspect lives (R7)
 * @param appendTimeout after which unanswered entries are sent again
 * @param durableOverdue after which a backup whose durable position stands still is left out (R4)
 * @param batchBytesMax of the payloads of one message
 * @param nearlyLevelEntries how many entries a joiner may lack when it is admitted (R15)
 */
public record Settings(
    long heartbeatInterval,
    long leaseTimeout,
    long exclusionTimeout,
    long rankDelay,
    long roundTimeout,
    long joinTimeout,
    long roundPatience,
    long retryDelayMin,
    long retryDelayMax,
    long stillHeardWindow,
    long appendTimeout,
    long durableOverdue,
    int batchBytesMax,
    int nearlyLevelEntries) {

  /** The defaults of the design's table. */
  public static final Settings DEFAULT =
      new Settings(
          millis(200),
          millis(1000),
          millis(1500),
          millis(150),
          millis(1000),
          millis(200),
          millis(600),
          millis(50),
          millis(1000),
          millis(50),
          millis(300),
          millis(1000),
          1 << 20,
          2000);

  public Settings {
    if (exclusionTimeout <= leaseTimeout) {
      throw new IllegalArgumentException(
          "T_X (" + exclusionTimeout + " ns) must be longer than T_L (" + leaseTimeout + " ns)");
    }
  }

  private static long millis(long value) {
    return value * 1_000_000;
  }
}
