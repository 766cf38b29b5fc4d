package chat.client.chaos;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What a run is to be.
 *
 * @param length how long faults go on
 * @param rate messages a second that clients try to send, all together
 * @param only one fault again and again, in place of random ones
 * @param rounds how often, where there is only one
 * @param namespaces whether servers are on hosts of their own
 * @param keep whether data and logs stay, whatever comes out
 */
record ChaosOptions(
    long seed,
    Duration length,
    int size,
    int rate,
    @Nullable Only only,
    int rounds,
    boolean namespaces,
    boolean keep) {
  ChaosOptions {
    if (size < 3 || size > 7) {
      throw new IllegalArgumentException("3 to 7 servers, not " + size);
    }
    if (rate < 1) {
      throw new IllegalArgumentException("at least one message a second, not " + rate);
    }
  }

  /** Faults to be measured alone, of the primary where one can choose; the pause aimed at. */
  enum Only {
    KILL_PRIMARY(FaultKind.KILL, 500),
    STOP_PRIMARY(FaultKind.STOP, 4000),
    DROP_PRIMARY(FaultKind.CUT, 4000),
    FULL_DISK(FaultKind.FULL_DISK, 4000),
    TORN_LOG(FaultKind.TORN_LOG, 500),
    FLIPPED_BIT(FaultKind.FLIPPED_BIT, 500),
    RESTART_STORM(FaultKind.STORM, 500),
    /** Outside of what the design withstands, and of the verdict. */
    REJECT_PRIMARY(FaultKind.REJECT, Integer.MAX_VALUE);

    private final FaultKind kind;
    private final int targetMillis;

    Only(FaultKind kind, int targetMillis) {
      this.kind = kind;
      this.targetMillis = targetMillis;
    }

    FaultKind kind() {
      return kind;
    }

    /** What p99 of the pauses is to stay below. */
    int targetMillis() {
      return targetMillis;
    }
  }
}
