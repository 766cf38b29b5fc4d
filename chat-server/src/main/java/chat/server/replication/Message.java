package chat.server.replication;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What servers say to each other. A {@link Request} may be answered by one {@link Answer} or by
 * none; losing, repeating or reordering any of them costs time and nothing else.
 */
public sealed interface Message {
  /** Sent on its own account. */
  sealed interface Request extends Message {}

  /** Sent because of a request, bearing its call. */
  sealed interface Answer extends Message {}

  /** "I live": to every configured server, at every interval and at once after an install. */
  record Heartbeat(Report report, long sentAtNanos) implements Request {}

  /**
   * Answers {@link Heartbeat}.
   *
   * @param sentAtNanos of the heartbeat, by its sender's clock
   * @param echo whether this counts for the sender's lease (R4) and its reads (R10)
   */
  record HeartbeatAnswer(Report report, long sentAtNanos, boolean echo) implements Answer {}

  /**
   * The first phase of a view change (R3).
   *
   * @param base the candidate's last installed view, which the change follows
   * @param participants all of whom must promise
   * @param proofs crashes of members of the base that the candidate has proven (R4)
   */
  record PromiseRequest(
      View base, Epoch ballot, Set<ServerId> participants, Map<ServerId, Incarnation> proofs)
      implements Request {}

  /**
   * A promise for (base, ballot).
   *
   * @param installed the ballot of the view that the participant has installed
   * @param end of its log
   * @param proven members of the base whose crash it has proven itself
   * @param provenUnderLease those of them that it proved while it held its lease
   * @param accepted the value it has accepted in this base, if any
   */
  record Promise(
      Epoch base,
      Epoch ballot,
      Epoch installed,
      LogPosition end,
      Set<ServerId> proven,
      Set<ServerId> provenUnderLease,
      HardState.@Nullable Accepted accepted)
      implements Answer {}

  /** No promise, or no accept, for (base, ballot): here is why. */
  record Refusal(Epoch base, Epoch ballot, View view, Epoch highestBallot, String reason)
      implements Answer {}

  /** The second phase: hold exactly this log, then accept (R3). */
  record AcceptRequest(Epoch base, Epoch ballot, Proposal value) implements Request {}

  /** Accepted and on disk, with the log. */
  record Accepted(Epoch base, Epoch ballot) implements Answer {}

  /** The value is chosen: install the view. */
  record InstallRequest(Proposal value) implements Request {}

  /** The view is installed, on disk. */
  record Installed(Epoch view) implements Answer {}

  /**
   * Entries of the primary of {@code view}, the first following {@code previous}. Travels on the
   * replication stream.
   */
  record AppendRequest(Epoch view, LogPosition previous, List<Entry> entries, long commitIndex)
      implements Request {}

  /** All of the view's log up to {@code durableIndex} is on this member's disk. */
  record Appended(Epoch view, long durableIndex) implements Answer {}

  /**
   * Asks for entries after a position.
   *
   * @param upToIndex the last one wanted; 0: as far as the other knows them committed
   */
  record FetchRequest(LogPosition after, long upToIndex) implements Request {}

  /**
   * Entries after a position, perhaps none, and what the answering server knows as committed.
   *
   * @param firstIndex the first entry that it still keeps: what is asked for may lie before that
   */
  record Fetched(LogPosition after, List<Entry> entries, long commitIndex, long firstIndex)
      implements Answer {
    /** Whether the entries asked for are gone there, so that only a snapshot helps (R15). */
    boolean tooOld() {
      return entries.isEmpty() && after.index() + 1 < firstIndex;
    }
  }

  /** A learner that is nearly level asks the primary to be taken into the view (R15). */
  record JoinRequest(LogPosition durable) implements Request {}

  /** "Does anything of {@code target} reach you, from now on?" (R7) */
  record StillHeardRequest(ServerId target) implements Request {}

  /** Something of {@code target} arrived after the question. */
  record StillHeard(ServerId target) implements Answer {}

  /** The sender has stepped down for good in this incarnation (R7). */
  record Goodbye() implements Request {}
}
