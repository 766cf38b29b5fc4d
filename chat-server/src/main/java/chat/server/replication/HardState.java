package chat.server.replication;

import org.jspecify.annotations.Nullable;

/**
 * What a server must find again after a restart, beside the log itself. Stored before any message
 * that speaks of it leaves.
 *
 * @param incarnation of the running process
 * @param view the last installed view
 * @param promisedBase the base of the newest promise; {@link Epoch#ZERO} with a zero ballot if none
 * @param promisedBallot the ballot of the newest promise in that base
 * @param accepted the accepted value, if any
 * @param highestCounter the highest ballot counter ever seen or used, so that none is used twice
 */
public record HardState(
    Incarnation incarnation,
    View view,
    Epoch promisedBase,
    Epoch promisedBallot,
    @Nullable Accepted accepted,
    long highestCounter) {

  /** A value accepted in a ballot of a base (single-decree Paxos, one instance a base). */
  public record Accepted(Epoch base, Epoch ballot, Proposal value) {}

  /** The state of an empty disk, before its first start. */
  public static HardState empty(View unborn) {
    return new HardState(Incarnation.NONE, unborn, Epoch.ZERO, Epoch.ZERO, null, 0);
  }

  /** The same under another incarnation. */
  public HardState withIncarnation(Incarnation next) {
    return new HardState(next, view, promisedBase, promisedBallot, accepted, highestCounter);
  }
}
