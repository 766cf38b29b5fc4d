package chat.server.replication;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * When to stand for a change of view, and with whom (R17). Whether the change may be decided is for
 * {@link ViewRules}; this only keeps servers from standing in vain or all at once. After Garcia-
 * Molina, "Elections in a distributed computing system" (1982): the highest number goes first.
 * Confined to whoever drives the replica.
 */
final class BullyElection {
  /** Whom a round may be made of; where the first do not suffice for a decision, the next. */
  private enum Among {
    /** Who answers, and is not denounced by any that work (R4, last rule). */
    WORKING,
    /** Who answered this server's last round, as far as it was asked, and hears this server. */
    ANSWERING,
    /** Whoever is heard at all. */
    HEARD
  }

  private final Core core;
  private final Leases leases;
  private final CrashEvidence evidence;
  private boolean wanting;
  private long wantedSince;
  private boolean stoodBefore;
  private long stoodAt;
  private long installedAt;
  private long retryAt;
  private long retryDelay;
  private final SortedSet<ServerId> mute = new TreeSet<>();

  /**
   * How often a server that wanted to come in did not answer in time, and when it may try again.
   */
  private final Map<ServerId, Integer> failedJoins = new HashMap<>();

  private final Map<ServerId, Long> joinAgainAt = new HashMap<>();
  private List<ServerId> waitingFor = List.of();

  BullyElection(Core core, Leases leases, CrashEvidence evidence) {
    this.core = core;
    this.leases = leases;
    this.evidence = evidence;
    this.retryAt = core.now;
    this.installedAt = core.now;
    this.retryDelay = core.settings.retryDelayMin();
  }

  /** Servers without which nobody may serve, as far as this one can tell. */
  List<ServerId> waitingFor() {
    return waitingFor;
  }

  void installed() {
    failedJoins.keySet().removeIf(core::runsInView);
    joinAgainAt.keySet().removeIf(core::runsInView);
    wanting = false;
    mute.clear();
    retryDelay = core.settings.retryDelayMin();
    retryAt = core.now;
    installedAt = core.now;
    waitingFor = List.of();
  }

  /**
   * A round failed: the next after a pause that doubles, with jitter.
   *
   * @param late those for whom it took too long: the next round tries without them; none if it
   *     failed otherwise
   * @param acting whether this server is acting as primary: then clients wait, and it does not
   */
  void failed(SortedSet<ServerId> late, boolean acting) {
    mute.clear();
    remember(late);
    long jitter = core.random.nextLong(retryDelay * 2) + 1;
    retryAt = acting && !late.isEmpty() ? core.now : core.now + retryDelay + jitter;
    retryDelay = Math.min(retryDelay * 2, core.settings.retryDelayMax());
  }

  /**
   * Another candidate's round overtook one of this server's, which had waited for a while. Without
   * this, two that overtake each other before their rounds fail ask one that cannot answer for
   * ever.
   */
  void overtaken(SortedSet<ServerId> unanswered) {
    remember(unanswered);
  }

  private void remember(SortedSet<ServerId> unanswered) {
    mute.addAll(unanswered);
    for (ServerId id : unanswered) {
      if (!core.runsInView(id)) {
        int failures = failedJoins.merge(id, 1, Integer::sum);
        joinAgainAt.put(id, core.now + (core.settings.leaseTimeout() << Math.min(failures, 4)));
      }
    }
  }

  /**
   * Whether to stand now.
   *
   * @param actingPrimary who acts as primary, as far as heard lately
   * @param acting the primary role if this server is acting as primary
   * @param promisedAt when the newest promise was given
   * @return the participants, or null
   */
  @Nullable SortedSet<ServerId> stand(
      @Nullable ServerId actingPrimary, @Nullable PrimaryRole acting, long promisedAt) {
    boolean actingKnown = actingPrimary != null;
    if (core.left || leftOut() || core.hard().promisedBase().isAfter(core.view().ballot())) {
      wanting = false;
      waitingFor = actingKnown ? List.of() : unheard(core.newestView());
      return null;
    }
    SortedSet<ServerId> participants = participants(acting, Among.WORKING);
    if (!wanted(actingKnown, acting, participants)) {
      wanting = false;
      waitingFor = List.of();
      return null;
    }
    for (Among among : Among.values()) {
      if (!promising(participants)) {
        participants = participants(acting, among);
      }
    }
    if (!wanting) {
      wanting = true;
      wantedSince = core.now;
    }
    waitingFor = missing(participants);
    if (!promising(participants)
        || !mayLeaveOutAllBut(participants)
        || (isNew() && leavesOutSilent(participants))) {
      return null;
    }
    if (core.continuous() || allPresent(participants)) {
      waitingFor = List.of();
    }
    long delay = core.settings.rankDelay() * rank(participants);
    if (!core.frozen() && othersBusiness(actingPrimary, participants)) {
      // Standing means to promise, and who has promised acknowledges nothing: a backup that does
      // not hear another would stop a primary that hears both, before that one may act (T_X).
      delay += core.settings.exclusionTimeout() + core.settings.roundTimeout();
    }
    // A promise to another candidate is left alone for a while; one's own round is over by now.
    boolean mine = core.hard().promisedBallot().isBy(core.self);
    ServerId dead = deadCandidate();
    boolean patient =
        core.frozen()
            && !mine
            && (dead == null
                ? core.now - promisedAt < core.settings.roundPatience() + delay
                : core.now - evidence.provenAt(dead) < delay);
    // However a round ended, the next one of this server's is not of the same instant.
    boolean hasty = stoodBefore && core.now - stoodAt < core.settings.retryDelayMin() / 2;
    if (patient || hasty || core.now - wantedSince < delay || core.now < retryAt) {
      return null;
    }
    stoodBefore = true;
    stoodAt = core.now;
    return participants;
  }

  /** Whom this server has promised to, if that one is dead since and has not started again. */
  private @Nullable ServerId deadCandidate() {
    for (ServerId member : core.view().members().keySet()) {
      if (core.hard().promisedBallot().isBy(member)
          && evidence.isProven(member)
          && core.runsInView(member)) {
        return member;
      }
    }
    return null;
  }

  /** All members, for a change that an operator wants; null while not all of them answer. */
  @Nullable SortedSet<ServerId> standForChange() {
    SortedSet<ServerId> participants = participants(null, Among.WORKING);
    boolean hasty = stoodBefore && core.now - stoodAt < core.settings.retryDelayMin() / 2;
    boolean beyond = core.hard().promisedBase().isAfter(core.view().ballot());
    if (hasty || beyond || leftOut() || !allPresent(participants)) {
      return null;
    }
    stoodBefore = true;
    stoodAt = core.now;
    return participants;
  }

  /**
   * Whether a newer view is known that is without this server as it runs: not mine to follow. One
   * that learns a lineage begun by another knows of that view from the start.
   */
  private boolean leftOut() {
    View newest = core.newestView();
    boolean learnsLineage =
        core.view().ballot().equals(Epoch.ZERO) && core.view().cluster().isBorn();
    return learnsLineage
        || (newest.ballot().isAfter(core.view().ballot())
            && !newest.names(core.self, core.incarnation));
  }

  private List<ServerId> unheard(View view) {
    List<ServerId> unheard = new ArrayList<>();
    for (ServerId member : view.members().keySet()) {
      Peers.Peer peer = core.peers.get(member);
      if (peer != null && !peer.heardWithin(core.now, core.settings.leaseTimeout())) {
        unheard.add(member);
      }
    }
    return unheard;
  }

  /** Whether the view does not do: somebody is missing, or it has no acting primary. */
  private boolean wanted(
      boolean actingKnown, @Nullable PrimaryRole acting, SortedSet<ServerId> participants) {
    if (!core.continuous()) {
      return !actingKnown;
    }
    for (ServerId member : core.view().members().keySet()) {
      if (!participants.contains(member)) {
        return true;
      }
    }
    if (acting != null && participants.size() > core.view().size()) {
      return true;
    }
    for (ServerId member : participants) {
      // A participant that runs anew is no member yet: the view still names its old start.
      Peers.Peer peer = core.peers.get(member);
      if (peer != null && !core.view().names(member, peer.incarnation)) {
        return true;
      }
    }
    // A new view has a moment to come into force before it counts as one without a primary.
    boolean settled = core.now - installedAt > core.settings.roundPatience();
    return core.frozen() || (settled && !actingKnown);
  }

  /** Members that answer, and learners that the acting primary may take in. */
  private SortedSet<ServerId> participants(@Nullable PrimaryRole acting, Among among) {
    SortedSet<ServerId> participants = new TreeSet<>();
    participants.add(core.self);
    for (ServerId member : core.view().members().keySet()) {
      Peers.Peer peer = core.peers.get(member);
      if (peer != null && takesPart(peer, among)) {
        participants.add(member);
      }
    }
    if (acting != null) {
      for (ServerId joiner : acting.joiners()) {
        if (mayJoin(joiner) && hearsAndIsHeard(joiner)) {
          participants.add(joiner);
        }
      }
    }
    return participants;
  }

  /**
   * How long a round may take. Writes stand still during one, so a server that wants to come in
   * gets little time at first, and more each time that it was too slow. After a start of all
   * servers nothing can be written before it has succeeded, and all of them are slow.
   */
  long roundTimeout(SortedSet<ServerId> participants) {
    long timeout = core.settings.roundTimeout();
    if (!core.continuous()) {
      return timeout;
    }
    for (ServerId id : participants) {
      if (!id.equals(core.self) && !core.runsInView(id)) {
        int failures = Math.min(failedJoins.getOrDefault(id, 0), 4);
        timeout = Math.min(timeout, core.settings.joinTimeout() << failures);
      }
    }
    return timeout;
  }

  private boolean mayJoin(ServerId id) {
    return core.now >= joinAgainAt.getOrDefault(id, core.now);
  }

  private boolean takesPart(Peers.Peer peer, Among among) {
    if (!peer.heardWithin(core.now, core.settings.leaseTimeout())) {
      return false;
    }
    if (core.view().names(peer.id, peer.incarnation)) {
      // Who does not hear this server does not answer it.
      boolean answers = !mute.contains(peer.id) && !core.peers.saysUnheard(peer.id, core.self);
      boolean counts =
          switch (among) {
            case WORKING -> answers && leases.echoes(peer.id);
            case ANSWERING -> answers;
            case HEARD -> true;
          };
      return !evidence.isProven(peer.id) && counts;
    }
    // It has restarted. Where all must take part it does; otherwise only if it is nearly level.
    Report report = peer.report;
    return report != null
        && (!core.continuous() || mayJoin(peer.id))
        && (!core.continuous()
            || report.durable().index() + core.settings.nearlyLevelEntries()
                >= core.log.last().index());
  }

  /** Whether somebody else acts as primary and takes part: then that one leaves others out. */
  private boolean othersBusiness(
      @Nullable ServerId actingPrimary, SortedSet<ServerId> participants) {
    return actingPrimary != null
        && !actingPrimary.equals(core.self)
        && participants.contains(actingPrimary);
  }

  /**
   * Whether a learner and the members hear each other, as far as they say. One that a member does
   * not hear would be left out again at once, and so on for ever.
   */
  private boolean hearsAndIsHeard(ServerId joiner) {
    for (ServerId member : core.view().members().keySet()) {
      if (core.peers.saysUnheard(joiner, member) || core.peers.saysUnheard(member, joiner)) {
        return false;
      }
    }
    return true;
  }

  private List<ServerId> missing(SortedSet<ServerId> participants) {
    List<ServerId> missing = new ArrayList<>(core.view().members().keySet());
    missing.removeAll(participants);
    return missing;
  }

  private boolean allPresent(SortedSet<ServerId> participants) {
    return participants.containsAll(core.view().members().keySet());
  }

  /** Whether these participants could decide, by what is known here. */
  private boolean promising(SortedSet<ServerId> participants) {
    int voters = 0;
    for (ServerId member : core.view().members().keySet()) {
      if (participants.contains(member) && seemsToVote(member)) {
        voters++;
      }
    }
    boolean allOthersProven = voters > 0;
    int withoutLease = 0;
    for (ServerId member : core.view().members().keySet()) {
      if (!(participants.contains(member) && seemsToVote(member))) {
        allOthersProven &= evidence.isProven(member);
        withoutLease += evidence.provenUnderLease().contains(member) ? 0 : 1;
      }
    }
    boolean alone = participants.size() == 1;
    return voters * 2 > core.view().size()
        || allPresent(participants)
        || (allOthersProven && (!alone || withoutLease * 2 <= core.view().size()));
  }

  private boolean seemsToVote(ServerId member) {
    View view = core.view();
    if (member.equals(core.self)) {
      return core.rules.votes(view, member, core.incarnation, view.ballot());
    }
    Peers.Peer peer = core.peers.get(member);
    Report report = peer == null ? null : peer.report;
    return peer != null
        && report != null
        && core.rules.votes(view, member, peer.incarnation, report.view().ballot());
  }

  private boolean mayLeaveOutAllBut(SortedSet<ServerId> participants) {
    for (ServerId member : core.view().members().keySet()) {
      if (!participants.contains(member)
          && !evidence.isProven(member)
          && !leases.mayLeaveOut(member)) {
        return false;
      }
    }
    return true;
  }

  /**
   * Whether the view was installed a moment ago. Its members took part in it and say so to all at
   * once; who was not heard by this server in the view before may be heard in this one.
   */
  private boolean isNew() {
    return core.now - installedAt < 2 * core.settings.heartbeatInterval();
  }

  private boolean leavesOutSilent(SortedSet<ServerId> participants) {
    for (ServerId member : missing(participants)) {
      if (!evidence.isProven(member)) {
        return true;
      }
    }
    return false;
  }

  /** How many go before this server: an acting primary, then those who never restarted, by id. */
  private int rank(SortedSet<ServerId> participants) {
    int rank = 0;
    for (ServerId other : participants) {
      if (core.view().has(other) && order(other) > order(core.self)) {
        rank++;
      }
    }
    return rank;
  }

  private int order(ServerId id) {
    boolean continuous = seemsToVote(id);
    boolean primary = continuous && id.equals(core.view().primary());
    return id.value() + (continuous ? 1 << 9 : 0) + (primary ? 1 << 10 : 0);
  }
}
