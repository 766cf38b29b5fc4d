package chat.server.replication;

import java.util.Collections;
import java.util.SortedSet;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The rounds in which this server is the candidate, one after the other: when {@link BullyElection}
 * has it stand, what comes of that, and when to give up. Confined to whoever drives the replica.
 */
final class Rounds {
  private final Core core;
  private final Acceptor acceptor;
  private final LogAdoption adoption;
  private final CrashEvidence evidence;
  private final BullyElection election;
  private final Reconfiguration reconfiguration;
  private final StatusBoard board;
  private @Nullable Candidacy current;

  Rounds(
      Core core,
      Acceptor acceptor,
      LogAdoption adoption,
      CrashEvidence evidence,
      BullyElection election,
      Reconfiguration reconfiguration,
      StatusBoard board) {
    this.core = core;
    this.acceptor = acceptor;
    this.adoption = adoption;
    this.evidence = evidence;
    this.election = election;
    this.reconfiguration = reconfiguration;
    this.board = board;
  }

  /** A view was installed, by a round of this server's or another's. */
  void installed() {
    current = null;
    election.installed();
  }

  /** Something that participants of a round answer. */
  void answered(Envelope envelope, Message.Answer answer) {
    Candidacy round = current;
    if (round == null) {
      return;
    }
    if (answer instanceof Message.Promise m) {
      round.promised(envelope, m);
    } else if (answer instanceof Message.Accepted m) {
      round.accepted(envelope.from(), m);
    } else if (answer instanceof Message.Refusal m) {
      round.refused(m);
    }
  }

  /** This server may have promised to another candidate. */
  void dropOvertaken() {
    Candidacy round = current;
    if (round != null && !round.current()) {
      if (round.hasWaitedFor(2 * core.settings.heartbeatInterval())) {
        election.overtaken(round.unanswered());
      }
      current = null;
    }
  }

  /**
   * Begins a round, if it is time to and none is under way that may succeed.
   *
   * @param primary the role of this server as primary, if it has that
   * @param installedEnd where the installed view began, as far as this server can tell
   */
  void decideWhetherToStand(@Nullable PrimaryRole primary, @Nullable LogPosition installedEnd) {
    PrimaryRole acting = primary != null && primary.active() ? primary : null;
    if (isUnderWay(acting != null)) {
      return;
    }
    Change change = acting == null ? null : reconfiguration.due(acting);
    SortedSet<ServerId> participants = change == null ? null : election.standForChange();
    boolean isForChange = participants != null;
    if (participants == null) {
      // Also while a change waits for all members: who is dead is left out, and then it goes on.
      participants = election.stand(board.actingPrimary(primary), acting, acceptor.promisedAt());
    }
    if (participants != null) {
      // The round may be over before its constructor returns: alone, a server decides at once.
      long before = core.view().ballot().number();
      Candidacy next =
          new Candidacy(
              core,
              acceptor,
              adoption,
              evidence,
              participants,
              isForChange ? reconfiguration::apply : UnaryOperator.identity(),
              election.roundTimeout(participants),
              installedEnd);
      current = core.view().ballot().number() == before ? next : null;
    }
  }

  /** Whether to wait for the round under way; one that is over, or in vain, is given up. */
  private boolean isUnderWay(boolean acting) {
    Candidacy round = current;
    if (round == null) {
      return false;
    }
    boolean vain = round.waitsForTheDead();
    if (!vain && !round.failed() && !round.timedOut()) {
      return true;
    }
    current = null;
    adoption.cancel();
    if (!vain) {
      core.out.notice("a change of view failed: " + round.failure());
      election.failed(round.failed() ? Collections.emptySortedSet() : round.late(), acting);
    }
    // Where it is in vain the next one goes without the dead, at once.
    return false;
  }
}
