package chat.server.replication;

import java.util.Collections;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * One round of a view change by its candidate: all participants promise, the rules allow a
 * decision, all participants hold the log and accept, the view is installed (R3). Confined to
 * whoever drives the replica.
 */
final class Candidacy {
  private final Core core;
  private final Acceptor acceptor;
  private final LogAdoption adoption;
  private final CrashEvidence evidence;
  private final UnaryOperator<View> change;
  private final View base;
  private final Epoch ballot;
  private final SortedSet<ServerId> participants;
  private final long startedAt;
  private final long timeout;
  private final SortedMap<ServerId, ViewRules.Given> promises = new TreeMap<>();
  private final SortedSet<ServerId> accepted = new TreeSet<>();
  private @Nullable Proposal value;
  private boolean failed;
  private String failure = "";

  /**
   * Begins the round.
   *
   * @param baseEnd where the installed view began, as far as this server can tell
   */
  Candidacy(
      Core core,
      Acceptor acceptor,
      LogAdoption adoption,
      CrashEvidence evidence,
      SortedSet<ServerId> participants,
      UnaryOperator<View> change,
      long timeout,
      @Nullable LogPosition baseEnd) {
    this.core = core;
    this.change = change;
    this.timeout = timeout;
    this.acceptor = acceptor;
    this.adoption = adoption;
    this.evidence = evidence;
    this.base = core.view();
    this.participants = Collections.unmodifiableSortedSet(new TreeSet<>(participants));
    this.startedAt = core.now;
    long counter = Math.max(core.hard().highestCounter(), base.ballot().counter()) + 1;
    this.ballot = Epoch.of(counter, core.self);
    adoption.cancel();
    core.promise(base.ballot(), ballot);
    Message.PromiseRequest request =
        new Message.PromiseRequest(base, ballot, this.participants, evidence.proofs());
    for (ServerId id : this.participants) {
      if (!id.equals(core.self)) {
        if (baseEnd != null && base.has(id) && mayLack(base, id)) {
          // It promises in this base when it has installed it.
          core.out.request(id, new Message.InstallRequest(new Proposal(base, baseEnd)));
        }
        core.out.request(id, request);
      }
    }
    promised(
        core.self,
        new ViewRules.Given(
            core.incarnation, core.identity.diskId(), acceptor.ownPromise(base.ballot(), ballot)));
  }

  private boolean mayLack(View view, ServerId id) {
    Peers.Peer peer = core.peers.get(id);
    Report report = peer == null ? null : peer.report;
    return report == null || view.ballot().isAfter(report.view().ballot());
  }

  boolean failed() {
    return failed;
  }

  /** Why it failed, or what it waits for. */
  String failure() {
    if (failed) {
      return failure;
    }
    String answer = allPromised() ? "accept" : "promise";
    return "servers " + unanswered() + " did not " + answer + " in time";
  }

  boolean timedOut() {
    return hasWaitedFor(timeout);
  }

  boolean hasWaitedFor(long nanos) {
    return core.now - startedAt > nanos;
  }

  /** Participants that owe an answer in the phase that the round is in. */
  SortedSet<ServerId> unanswered() {
    SortedSet<ServerId> unanswered = outstanding();
    if (allPromised() && !accepted.containsAll(newcomers())) {
      unanswered.retainAll(newcomers());
    }
    return unanswered;
  }

  /**
   * Whom a round that took too long is put down to. Where some come in there was little time, and
   * they took it first: it is theirs, whoever answered last.
   */
  SortedSet<ServerId> late() {
    SortedSet<ServerId> joining = new TreeSet<>(participants);
    joining.removeIf(id -> id.equals(core.self) || core.runsInView(id));
    return joining.isEmpty() ? unanswered() : joining;
  }

  /** Whether one that has not done what all must is proven dead: the round cannot succeed. */
  boolean waitsForTheDead() {
    for (ServerId id : outstanding()) {
      if (evidence.isProven(id) && core.runsInView(id)) {
        return true;
      }
    }
    return false;
  }

  /** Participants that have not done what all must, whether they have been asked to or not yet. */
  private SortedSet<ServerId> outstanding() {
    SortedSet<ServerId> outstanding = new TreeSet<>(participants);
    outstanding.removeAll(allPromised() ? accepted : promises.keySet());
    outstanding.remove(core.self);
    return outstanding;
  }

  private boolean allPromised() {
    return promises.keySet().equals(participants);
  }

  /** Whether this server is still bound to this round by its own newest promise. */
  boolean current() {
    return core.view().ballot().equals(base.ballot())
        && core.hard().promisedBase().equals(base.ballot())
        && core.hard().promisedBallot().equals(ballot);
  }

  void promised(Envelope envelope, Message.Promise promise) {
    Envelope.Header header = envelope.header();
    promised(envelope.from(), new ViewRules.Given(header.incarnation(), header.diskId(), promise));
  }

  private void promised(ServerId from, ViewRules.Given given) {
    Message.Promise promise = given.promise();
    if (value == null
        && promise.base().equals(base.ballot())
        && promise.ballot().equals(ballot)
        && participants.contains(from)) {
      promises.put(from, given);
      if (allPromised()) {
        decide();
      }
    }
  }

  void refused(Message.Refusal refusal) {
    if (refusal.base().equals(base.ballot()) && refusal.ballot().equals(ballot)) {
      core.sawCounter(refusal.highestBallot().counter());
      fail(refusal.reason());
    }
  }

  private void fail(String why) {
    failed = true;
    failure = why;
  }

  private void decide() {
    if (!core.rules.mayDecide(base, promises)) {
      fail("the participants " + participants + " may not decide what follows " + base);
      return;
    }
    HardState.Accepted earlier = core.rules.mustAdopt(base.ballot(), promises.values());
    ServerId source = core.self;
    Proposal decided;
    if (earlier != null) {
      decided = earlier.value();
      for (var e : promises.entrySet()) {
        if (earlier.equals(e.getValue().promise().accepted())) {
          source = e.getKey();
        }
      }
    } else {
      source = core.rules.newestLog(base, promises, core.self);
      LogPosition end = given(source).promise().end();
      if (end.epoch().isAfter(ballot)) {
        // Of a view that nobody has on disk: a crash came between its first entries and itself.
        core.sawCounter(end.epoch().counter());
        fail("the log of server " + source + " has entries of a later view");
        return;
      }
      decided = new Proposal(nextView(source), end);
    }
    value = decided;
    Proposal chosen = decided;
    if (decided.end().equals(core.log.last())) {
      source = core.self;
    }
    if (!adoption.start(decided.end(), source, () -> askToAccept(chosen))) {
      fail("committed beyond the decided log's end");
    }
  }

  private ViewRules.Given given(ServerId id) {
    ViewRules.Given given = promises.get(id);
    if (given == null) {
      throw new InvariantViolation("no promise of " + id + " among " + promises.keySet());
    }
    return given;
  }

  private View nextView(ServerId newest) {
    SortedMap<ServerId, Incarnation> members = new TreeMap<>();
    SortedMap<ServerId, String> disks = new TreeMap<>();
    promises.forEach(
        (id, given) -> {
          members.put(id, given.incarnation());
          disks.put(id, given.diskId());
        });
    Cluster cluster =
        base.cluster().isBorn()
            ? base.cluster()
            : new Cluster(core.identity.clusterIdForBirth(), Cluster.BIRTH, disks);
    return change.apply(new View(ballot, members, nextPrimary(newest), cluster));
  }

  /**
   * R17: the acting primary keeps its role; otherwise the highest up-to-date id has it. One that
   * does not hear a participant, or is not heard by it, could never act in that view: another has
   * it then, this server at last, which has heard them all in this round.
   */
  private ServerId nextPrimary(ServerId newest) {
    ViewRules.Given old = promises.get(base.primary());
    if (old != null
        && core.rules.votes(base, base.primary(), old.incarnation(), old.promise().installed())
        && hearsAndIsHeard(base.primary())) {
      return base.primary();
    }
    Message.Promise best = given(newest).promise();
    ServerId primary = null;
    for (ServerId id : participants) {
      if (base.has(id)
          && core.rules.compareLogs(given(id).promise(), best) == 0
          && hearsAndIsHeard(id)) {
        primary = id;
      }
    }
    return primary != null ? primary : base.has(core.self) ? core.self : newest;
  }

  private boolean hearsAndIsHeard(ServerId id) {
    if (id.equals(core.self)) {
      return true;
    }
    for (ServerId other : participants) {
      if (!other.equals(core.self) && (saysUnheard(id, other) || saysUnheard(other, id))) {
        return false;
      }
    }
    return true;
  }

  /** Who has just started may not have heard yet those that it will hear. */
  private boolean saysUnheard(ServerId id, ServerId other) {
    return base.names(id, given(id).incarnation()) && core.peers.saysUnheard(id, other);
  }

  private void askToAccept(Proposal chosen) {
    if (!current()) {
      fail("promised to another while fetching the log");
      return;
    }
    SortedSet<ServerId> first = newcomers();
    if (first.isEmpty()) {
      askMembersToAccept(chosen);
    } else {
      ask(first, chosen);
    }
  }

  /** Who comes in, or runs anew since the base: who accepts before the others are asked to. */
  private SortedSet<ServerId> newcomers() {
    SortedSet<ServerId> newcomers = new TreeSet<>();
    promises.forEach(
        (id, given) -> {
          if (core.rules.newcomersAcceptFirst()
              && !id.equals(core.self)
              && !base.names(id, given.incarnation())) {
            newcomers.add(id);
          }
        });
    return newcomers;
  }

  private void askMembersToAccept(Proposal chosen) {
    SortedSet<ServerId> members = new TreeSet<>(participants);
    members.removeAll(newcomers());
    ask(members, chosen);
    acceptMyself(chosen);
  }

  private void ask(SortedSet<ServerId> ids, Proposal chosen) {
    for (ServerId id : ids) {
      if (!id.equals(core.self)) {
        core.out.request(id, new Message.AcceptRequest(base.ballot(), ballot, chosen));
      }
    }
  }

  private void acceptMyself(Proposal chosen) {
    if (!core.log.last().equals(chosen.end())) {
      fail("its own log has changed meanwhile");
      return;
    }
    core.accept(base.ballot(), ballot, chosen);
    acceptedBy(core.self, chosen);
  }

  void accepted(ServerId from, Message.Accepted answer) {
    Proposal chosen = value;
    if (chosen != null
        && answer.base().equals(base.ballot())
        && answer.ballot().equals(ballot)
        && participants.contains(from)
        && current()) {
      acceptedBy(from, chosen);
    }
  }

  private void acceptedBy(ServerId from, Proposal chosen) {
    boolean again = !accepted.add(from);
    if (!accepted.contains(core.self)) {
      if (!again && accepted.containsAll(newcomers())) {
        askMembersToAccept(chosen);
      }
      return;
    }
    if (!core.rules.isChosen(participants, accepted)) {
      return;
    }
    // Those too that took part and are no members: one that was removed learns of it so.
    SortedSet<ServerId> told = new TreeSet<>(participants);
    told.addAll(chosen.view().members().keySet());
    for (ServerId id : told) {
      if (!id.equals(core.self)) {
        core.out.request(id, new Message.InstallRequest(chosen));
      }
    }
    if (chosen.view().has(core.self)) {
      acceptor.install(chosen);
    } else {
      fail("chose " + chosen.view() + ", which is without this server");
    }
  }
}
