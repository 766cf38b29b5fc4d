package chat.server.replication;

import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * Echoes given and got (R4). The echoes that I get are my lease on being a member: while I hold it,
 * no majority can have left me out. The echoes that I give bind me: I promise nothing that leaves a
 * member out until T_X after my last echo to it. Confined to whoever drives the replica.
 */
final class Leases {
  private final Core core;

  /** When the last heartbeat of mine that a member echoed in this view was sent. */
  private final Map<ServerId, Long> echoedSentAt = new HashMap<>();

  /** When a member's last echo in this view arrived. */
  private final Map<ServerId, Long> echoedAt = new HashMap<>();

  /** When I last echoed a server; outlives views. */
  private final Map<ServerId, Long> gaveAt = new HashMap<>();

  private final SortedSet<ServerId> notEchoed = new TreeSet<>();
  private final long startedAt;
  private long viewSince;

  Leases(Core core) {
    this.core = core;
    startedAt = core.now;
    viewSince = core.now;
  }

  /** Leases start anew with each view; what I gave still binds me. */
  void installed() {
    echoedSentAt.clear();
    echoedAt.clear();
    notEchoed.clear();
    viewSince = core.now;
  }

  /** Decides whether to echo a member's heartbeat, and remembers it if so. */
  boolean echo(ServerId from, Incarnation incarnation, Epoch view) {
    boolean echo =
        core.continuous()
            && core.rules.echoes(core.frozen())
            && core.view().ballot().equals(view)
            && core.view().names(from, incarnation)
            && !notEchoed.contains(from);
    if (echo) {
      gaveAt.put(from, core.now);
    }
    return echo;
  }

  /** A member of this view echoed the heartbeat that was sent at {@code sentAt}. */
  void echoed(ServerId by, long sentAt) {
    echoedSentAt.merge(by, sentAt, Math::max);
    echoedAt.put(by, core.now);
  }

  /** Whether I hold my membership lease now. */
  boolean held() {
    return confirmedSince(core.now - core.settings.leaseTimeout() + 1);
  }

  /** Whether enough members echoed a heartbeat sent at {@code time} or later (R4, R10). */
  boolean confirmedSince(long time) {
    int missing = 0;
    for (ServerId member : core.view().members().keySet()) {
      Long sentAt = echoedSentAt.get(member);
      if (!member.equals(core.self) && (sentAt == null || sentAt < time)) {
        missing++;
      }
    }
    return core.rules.holdsLease(core.view().size(), missing);
  }

  /** Whether T_X has passed since I last echoed a server. */
  boolean mayLeaveOut(ServerId member) {
    // What the process before gave is not known: it counts as given at the start.
    long gave = gaveAt.getOrDefault(member, startedAt);
    return core.rules.exclusionTimePassed(core.now - gave, core.settings.exclusionTimeout());
  }

  /** How long a member has not echoed me, in this view. */
  long silence(ServerId member) {
    return core.now - echoedAt.getOrDefault(member, viewSince);
  }

  /** From now on, until the next view, I do not echo this member: it does not work. */
  void stopEchoing(ServerId member, String why) {
    if (notEchoed.add(member)) {
      core.out.notice("server " + member + " is no longer counted on: " + why);
    }
  }

  boolean echoes(ServerId member) {
    return !notEchoed.contains(member);
  }

  SortedSet<ServerId> notEchoed() {
    return Collections.unmodifiableSortedSet(notEchoed);
  }

  /** This server stood still itself: whose silence that was is not known. */
  void stalled() {
    echoedAt.clear();
    viewSince = core.now;
  }

  /** R4, last rule: one that can be heard but does not echo is treated like a silent one. */
  void tick() {
    if (!core.continuous() || core.frozen()) {
      return;
    }
    for (ServerId member : core.view().members().keySet()) {
      if (!member.equals(core.self) && silence(member) > core.settings.leaseTimeout()) {
        stopEchoing(member, "it has not answered for " + silence(member) / 1_000_000 + " ms");
      }
    }
    for (Peers.Peer peer : core.peers.all()) {
      Report report = peer.report;
      if (report != null
          && core.view().names(peer.id, peer.incarnation)
          && report.view().ballot().equals(core.view().ballot())
          && peer.heardWithin(core.now, core.settings.leaseTimeout())
          && echoes(peer.id)) {
        follow(peer.id, report);
      }
    }
  }

  /**
   * Follows what a member reports of others, unless it reports most of them: then it is the one
   * that is cut off. Of two that report each other, the first heard is followed; the other is then
   * no longer listened to.
   */
  private void follow(ServerId reporter, Report report) {
    if (report.notEchoed().size() * 2 > core.view().size() - 1) {
      stopEchoing(reporter, "it answers almost nobody");
      return;
    }
    for (ServerId reported : report.notEchoed()) {
      if (!reported.equals(core.self) && core.view().has(reported)) {
        stopEchoing(reported, "server " + reporter + " reports it");
      }
    }
  }
}
