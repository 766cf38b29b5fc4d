package chat.server.transport;

import chat.server.replication.ServerId;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * What time the other servers take it to be, by what their heartbeats say. A primary stamps
 * commands with its own clock; a wrong one that runs ahead would end sessions and forget request
 * ids before their time, for good, since stamps never go back. So it never stamps more than {@link
 * #AHEAD_MAX_MILLIS} ahead of every peer that it hears. Thread-safe.
 *
 * <p>The replication core knows nothing of this: it has no wall clock, and nothing that it decides
 * depends on one.
 */
public final class PeerClocks {
  /** How far a stamp may be ahead of the clocks of all others. */
  public static final long AHEAD_MAX_MILLIS = 10_000;

  /** Whoever was not heard for so long says nothing about now: many heartbeats, some T_X. */
  private static final long LIVE_NANOS = TimeUnit.SECONDS.toNanos(5);

  private record Heard(long clockMillis, long atNanos) {}

  private final Map<ServerId, Heard> heard = new ConcurrentHashMap<>();

  /** A peer has said what time it is; 0 if it did not say. */
  void heard(ServerId peer, long clockMillis, long nowNanos) {
    if (clockMillis > 0) {
      heard.put(peer, new Heard(clockMillis, nowNanos));
    }
  }

  /**
   * The time to stamp with: one's own clock, or less if it is far ahead of every peer that is
   * heard. Where none is heard there is only the own one.
   *
   * @param ownMillis what time it is by the own clock, in milliseconds since 1970
   */
  public long bounded(long ownMillis, long nowNanos) {
    long newest = Long.MIN_VALUE;
    for (Heard peer : heard.values()) {
      long age = nowNanos - peer.atNanos();
      if (age <= LIVE_NANOS) {
        newest = Math.max(newest, peer.clockMillis() + TimeUnit.NANOSECONDS.toMillis(age));
      }
    }
    return newest == Long.MIN_VALUE ? ownMillis : Math.min(ownMillis, newest + AHEAD_MAX_MILLIS);
  }
}
