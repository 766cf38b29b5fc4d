package chat.server.replication;

import org.jspecify.annotations.Nullable;

/**
 * What a server does that the newest view leaves out: it copies what is committed from the acting
 * primary's log, and asks to be taken in when it is nearly level (R15). Confined to whoever drives
 * the replica.
 */
final class Catchup {
  private final Core core;
  private LogPosition cursor;
  private final Question question;
  private long joinedAt;

  Catchup(Core core) {
    this.core = core;
    this.question = new Question(core);
    this.cursor = core.log.floor();
    this.joinedAt = core.now - core.settings.heartbeatInterval();
  }

  /** The acting primary whose view is the newest known and names me not, or not as I run. */
  @Nullable ServerId teacher() {
    View newest = core.newestView();
    Peers.Peer primary = core.peers.get(newest.primary());
    if (primary == null
        || newest.names(core.self, core.incarnation)
        || core.left
        || !primary.heardWithin(core.now, core.settings.leaseTimeout())) {
      return null;
    }
    Report report = primary.report;
    return report != null
            && report.active()
            && report.view().ballot().equals(newest.ballot())
            && newest.names(primary.id, primary.incarnation)
        ? primary.id
        : null;
  }

  /**
   * Whether the log may be added to: not while it must stay exactly what was accepted for the view
   * that follows the newest known one (R3).
   */
  boolean mayFetch() {
    HardState.Accepted accepted = core.hard().accepted();
    return teacher() != null
        && (accepted == null || core.newestView().ballot().isAfter(accepted.base()));
  }

  void tick() {
    ServerId teacher = teacher();
    if (teacher == null) {
      question.withdraw();
      return;
    }
    Peers.Peer peer = core.peers.get(teacher);
    Report report = peer == null ? null : peer.report;
    if (report == null) {
      return;
    }
    boolean due =
        question.isOpen() ? question.isOverdue(teacher) : report.commitIndex() > cursor.index();
    if (mayFetch() && due) {
      ask(teacher);
    }
    boolean nearlyLevel =
        cursor.index() + core.settings.nearlyLevelEntries() >= report.commitIndex();
    if (nearlyLevel && core.now - joinedAt >= core.settings.heartbeatInterval()) {
      joinedAt = core.now;
      core.out.request(teacher, new Message.JoinRequest(cursor));
    }
  }

  void disconnected(ServerId server) {
    question.disconnected(server);
  }

  private void ask(ServerId teacher) {
    // What another view change left in the log is behind the cursor or fetched anew.
    LogPosition known = core.log.position(cursor.index());
    if (!cursor.equals(known)) {
      cursor = core.log.floor();
    }
    question.ask(teacher, cursor, 0);
  }

  void fetched(ServerId from, long answeredCall, Message.Fetched fetched) {
    ServerId teacher = teacher();
    if (!question.isAnsweredBy(answeredCall) || teacher == null) {
      return;
    }
    if (fetched.tooOld() && !from.equals(teacher)) {
      // It teaches no more, and may have forgotten what the present one keeps.
      ask(teacher);
      return;
    }
    if (fetched.tooOld()) {
      core.out.notice(
          "entry "
              + (cursor.index() + 1)
              + " is no longer kept by server "
              + from
              + ", whose log starts at "
              + fetched.firstIndex()
              + ": copying its state instead");
      core.out.end(new Ready.Ending.SnapshotNeeded(from, core.cluster()));
      return;
    }
    LogPosition reached = core.log.takeOver(cursor, fetched.entries());
    if (reached == null) {
      core.out.notice("server " + from + " sent entries that do not follow " + cursor);
      return;
    }
    cursor = reached;
    core.commitTo(Math.max(core.commitIndex(), Math.min(fetched.commitIndex(), cursor.index())));
    if (!fetched.entries().isEmpty() && cursor.index() < fetched.commitIndex()) {
      ask(teacher);
    }
  }
}
