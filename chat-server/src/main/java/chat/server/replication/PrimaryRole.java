package chat.server.replication;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What only the primary of the installed view knows and does: who has installed the view, how far
 * each backup is, which reads wait for confirmation, who wants to join. It acts once every member
 * has installed the view (R12). Confined to whoever drives the replica.
 */
final class PrimaryRole {
  /** One backup of the view. */
  private static final class Backup {
    final Incarnation incarnation;
    boolean installed;
    long matchIndex;
    long nextIndex;
    long progressAt;
    long resentAt;

    Backup(Incarnation incarnation, long endIndex, long now) {
      this.incarnation = incarnation;
      this.matchIndex = endIndex;
      this.nextIndex = endIndex + 1;
      this.progressAt = now;
      this.resentAt = now;
    }
  }

  private record PendingRead(long id, long index, long sinceStamp) {}

  private final Core core;
  private final Leases leases;
  private final View view;
  private final LogPosition start;
  private final SortedMap<ServerId, Backup> backups = new TreeMap<>();
  private final ArrayDeque<PendingRead> reads = new ArrayDeque<>();
  private final SortedMap<ServerId, Long> joiners = new TreeMap<>();
  private final boolean continued;
  private boolean active;
  private boolean draining;
  private long confirmedAt;
  private long roundSentAt;
  private long roundStamp;

  /**
   * @param before this server's role in the view before, if it was primary there too: clients that
   *     it served stay with it while the members install, and only pause (R11)
   */
  PrimaryRole(Core core, Leases leases, Proposal value, @Nullable PrimaryRole before) {
    this.core = core;
    this.leases = leases;
    this.view = value.view();
    this.start = value.end();
    this.continued = before != null && before.serves();
    this.confirmedAt = before != null ? before.confirmedAt : core.now;
    view.members()
        .forEach(
            (id, incarnation) -> {
              if (!id.equals(core.self)) {
                backups.put(id, new Backup(incarnation, start.index(), core.now));
              }
            });
    activateIfComplete();
  }

  boolean active() {
    return active && !core.left;
  }

  /** Whether it takes writes: acting, and nothing newer promised. */
  boolean takesWrites() {
    return active() && !core.frozen();
  }

  /** Whether it appends what is proposed: it takes writes and is not about to hand over. */
  boolean takesProposals() {
    return takesWrites() && !draining;
  }

  /** R17: before a planned hand-over nothing more is appended, and what is gets committed. */
  void drain(boolean drain) {
    draining = drain;
  }

  /** Whether everything appended is committed. */
  boolean isLevel() {
    return core.commitIndex() == core.log.last().index();
  }

  /** R11: whether clients may still stay with it, through a view change of its own for example. */
  boolean serves() {
    return (active || continued)
        && !core.left
        && core.now - confirmedAt < core.settings.leaseTimeout();
  }

  /** A member says where it is. */
  void reported(ServerId from, Incarnation incarnation, Report report) {
    Backup backup = backups.get(from);
    if (backup != null
        && backup.incarnation.equals(incarnation)
        && report.view().ballot().equals(view.ballot())
        && !backup.installed) {
      backup.installed = true;
      activateIfComplete();
    }
  }

  private void activateIfComplete() {
    for (Backup backup : backups.values()) {
      if (!backup.installed) {
        return;
      }
    }
    // A late install, of a view that is known to be followed: what is learned now is not of it.
    boolean followed = core.newestView().ballot().isAfter(view.ballot());
    if (active || core.frozen() || followed) {
      return;
    }
    if (!core.log.last().equals(start)) {
      throw new InvariantViolation("acting in " + view + " from " + start + " with " + core.log);
    }
    active = true;
    confirmedAt = core.now;
    // What was adopted counts as committed from here on, not before (R12).
    core.commitTo(start.index());
    core.out.notice("acting as primary of " + view + " from " + start);
  }

  /** Appends a command, or returns null if this server takes no writes now. */
  @Nullable LogPosition propose(byte[] payload) {
    return takesProposals() ? core.log.append(view.ballot(), payload) : null;
  }

  /** A backup has everything up to an index on its disk. */
  void appended(ServerId from, Incarnation incarnation, Message.Appended answer) {
    Backup backup = backups.get(from);
    if (backup == null
        || core.frozen()
        || !backup.incarnation.equals(incarnation)
        || !answer.view().equals(view.ballot())) {
      return;
    }
    long durable = Math.min(answer.durableIndex(), core.log.last().index());
    if (durable > backup.matchIndex) {
      backup.matchIndex = durable;
      backup.progressAt = core.now;
      backup.nextIndex = Math.max(backup.nextIndex, durable + 1);
      commit();
    }
  }

  /** Counts what is on the disks of all members, this server's own included (R2). */
  void commit() {
    if (!takesWrites()) {
      return;
    }
    List<Long> others = new ArrayList<>(backups.size());
    for (Backup backup : backups.values()) {
      others.add(backup.matchIndex);
    }
    core.commitTo(
        Math.max(core.commitIndex(), core.rules.committed(core.log.durable().index(), others)));
  }

  /** Takes a read; it is answered when enough members have confirmed this view since (R10). */
  void read(long id) {
    if (!takesWrites()) {
      core.out.failRead(id);
      return;
    }
    reads.add(new PendingRead(id, core.commitIndex(), core.lastHeartbeatStamp + 1));
    confirmReads();
  }

  void failReads() {
    reads.forEach(read -> core.out.failRead(read.id()));
    reads.clear();
  }

  /** Answers the reads that are confirmed. */
  void confirmReads() {
    if (core.frozen()) {
      return;
    }
    while (!reads.isEmpty() && core.rules.mayAnswerRead(leases, reads.getFirst().sinceStamp())) {
      PendingRead read = reads.removeFirst();
      core.out.confirmRead(read.id(), read.index());
    }
  }

  /** Whether heartbeats should go out now because reads wait; one round at a time. */
  boolean wantsRound() {
    if (reads.isEmpty() || core.frozen()) {
      return false;
    }
    boolean underWay = roundStamp > 0 && !leases.confirmedSince(roundStamp);
    boolean late = core.now - roundSentAt > core.settings.heartbeatInterval() / 4;
    if (underWay && !late) {
      return false;
    }
    roundSentAt = core.now;
    roundStamp = core.lastHeartbeatStamp + 1;
    return true;
  }

  /** A learner that is nearly level asks to be taken in (R15). */
  void joinRequested(ServerId from, LogPosition durable) {
    if (active && durable.index() + core.settings.nearlyLevelEntries() >= core.commitIndex()) {
      joiners.put(from, core.now);
    }
  }

  /** Those who asked lately. */
  SortedSet<ServerId> joiners() {
    joiners.values().removeIf(at -> core.now - at > core.settings.leaseTimeout());
    return new TreeSet<>(joiners.keySet());
  }

  /**
   * Sends each backup what it lacks. What is proposed and not committed bounds it; the caller
   * bounds that.
   */
  void flush() {
    if (takesWrites()) {
      for (var e : backups.entrySet()) {
        while (e.getValue().nextIndex <= core.log.last().index()) {
          send(e.getKey(), e.getValue());
        }
      }
    }
  }

  private void send(ServerId to, Backup backup) {
    LogPosition previous = core.log.position(backup.nextIndex - 1);
    if (previous == null) {
      throw new InvariantViolation(
          "backup " + to + " is at " + backup.nextIndex + ", outside of " + core.log);
    }
    List<Entry> entries = core.log.after(previous.index(), core.settings.batchBytesMax());
    backup.nextIndex = previous.index() + entries.size() + 1;
    if (backup.matchIndex == previous.index() && !entries.isEmpty()) {
      backup.progressAt = core.now;
    }
    core.out.append(
        to, new Message.AppendRequest(view.ballot(), previous, entries, core.commitIndex()));
  }

  /** The stream to a backup broke: what it has not answered is sent again. */
  void disconnected(ServerId backup) {
    Backup state = backups.get(backup);
    if (state != null) {
      state.nextIndex = state.matchIndex + 1;
    }
  }

  void tick() {
    if (active && leases.held()) {
      confirmedAt = core.now;
    }
    for (var e : backups.entrySet()) {
      Backup backup = e.getValue();
      if (!takesWrites() || backup.nextIndex == backup.matchIndex + 1) {
        backup.progressAt = core.now;
        continue;
      }
      long waited = core.now - backup.progressAt;
      if (waited > core.settings.durableOverdue()) {
        leases.stopEchoing(e.getKey(), "its disk is " + waited / 1_000_000 + " ms behind");
      } else if (waited > core.settings.appendTimeout()
          && core.now - backup.resentAt > core.settings.appendTimeout()) {
        backup.resentAt = core.now;
        backup.nextIndex = backup.matchIndex + 1;
      }
    }
  }
}
