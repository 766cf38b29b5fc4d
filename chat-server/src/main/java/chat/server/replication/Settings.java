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
 * @param changeTimeout after which a change that an operator asked for has failed
 * @param drainTimeout how long a planned hand-over waits for the log to be level (R17)
 * @param assumeCrashed whether silence of T_X is taken for a crash: only where no partition can
 *     happen, for it gives up that there is never more than one primary
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
    int nearlyLevelEntries,
    long changeTimeout,
    long drainTimeout,
    boolean assumeCrashed) {

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
          2000,
          millis(5000),
          millis(100),
          false);

  public Settings {
    if (exclusionTimeout <= leaseTimeout) {
      throw new IllegalArgumentException(
          "T_X (" + exclusionTimeout + " ns) must be longer than T_L (" + leaseTimeout + " ns)");
    }
  }

  /** The same, with silence taken for a crash or not. */
  public Settings withAssumeCrashed(boolean assume) {
    return new Settings(
        heartbeatInterval,
        leaseTimeout,
        exclusionTimeout,
        rankDelay,
        roundTimeout,
        joinTimeout,
        roundPatience,
        retryDelayMin,
        retryDelayMax,
        stillHeardWindow,
        appendTimeout,
        durableOverdue,
        batchBytesMax,
        nearlyLevelEntries,
        changeTimeout,
        drainTimeout,
        assume);
  }

  private static long millis(long value) {
    return value * 1_000_000;
  }
}
