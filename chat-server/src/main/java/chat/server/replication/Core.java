package chat.server.replication;

import java.util.Collections;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** What the parts of one replica share. Confined to whoever drives the replica. */
final class Core {
  final Identity identity;
  final Settings settings;
  final ViewRules rules;
  final RandomGenerator random;
  final LogTail log;
  final Outbox out;
  final Peers peers;
  final ServerId self;
  final Incarnation incarnation;

  /** The caller's clock at this step, in nanoseconds. */
  long now;

  /**
   * Stamps heartbeats: their sending time, made strictly increasing, so that an echo tells which of
   * two events of one instant it followed.
   */
  long lastHeartbeatStamp;

  long appliedIndex;
  boolean diskLow;

  /** When this process last stood still so long that others' silence means nothing. */
  long stalledAt;

  /** Who belongs to the cluster: by the newest view known, or before its birth by the flags. */
  private View clusterView;

  private Set<ServerId> others;
  private final String configuration;

  /** Whether this server has said goodbye: it takes part in nothing any more. */
  boolean left;

  private HardState hard;
  private long commitIndex;
  private long reports;

  Core(
      Identity identity,
      Settings settings,
      ViewRules rules,
      RandomGenerator random,
      HardState hard,
      LogTail log,
      long now) {
    this.identity = identity;
    this.settings = settings;
    this.rules = rules;
    this.random = random;
    this.hard = hard;
    this.log = log;
    this.now = now;
    this.lastHeartbeatStamp = now;
    this.self = identity.self();
    this.incarnation = hard.incarnation();
    this.commitIndex = log.floor().index();
    this.clusterView = hard.view();
    this.others = othersOf(hard.view().cluster());
    this.configuration = configurationOf(others);
    this.stalledAt = now;
    this.peers = new Peers(others);
    this.out = new Outbox(this);
  }

  HardState hard() {
    return hard;
  }

  View view() {
    return hard.view();
  }

  /** The cluster as the newest view known describes it; unborn if no view is known. */
  Cluster cluster() {
    return clusterView.cluster();
  }

  /** All servers that belong to the cluster, this one left out, in order. */
  Set<ServerId> others() {
    return others;
  }

  private Set<ServerId> othersOf(Cluster cluster) {
    SortedSet<ServerId> ids =
        new TreeSet<>(cluster.isBorn() ? cluster.disks().keySet() : identity.configured());
    ids.remove(self);
    return Collections.unmodifiableSortedSet(ids);
  }

  /** As started, in one line: before birth, servers with different ones refuse each other. */
  String configuration() {
    return configuration;
  }

  private String configurationOf(Set<ServerId> otherServers) {
    SortedSet<ServerId> ids = new TreeSet<>(otherServers);
    ids.add(self);
    return ids.toString();
  }

  /**
   * Whether a view that is without this server ends it: it has been a member with the disk it has,
   * and has not been let in again by a view that is later still.
   */
  boolean isRemovedBy(View without) {
    boolean letInSince =
        clusterView.ballot().isAfter(without.ballot())
            && rules.isKnownDisk(cluster(), self, identity.diskId());
    return view().cluster().isBorn() && !letInSince;
  }

  /** An operator has removed this server: it takes part in nothing any more. */
  void removed() {
    if (!left) {
      left = true;
      out.notice("this server was removed from the cluster by an operator");
      out.end(new Ready.Ending.Removed());
    }
  }

  /** A view is known, installed here or not: it may say who belongs to the cluster now. */
  void knows(View view) {
    boolean newer =
        view.cluster().isBorn()
            && (!cluster().isBorn() || view.ballot().isAfter(clusterView.ballot()));
    if (newer) {
      Cluster before = cluster();
      clusterView = view;
      others = othersOf(view.cluster());
      peers.belong(others);
      for (ServerId id : others) {
        String disk = before.disks().get(id);
        if (disk != null && !disk.equals(cluster().disks().get(id))) {
          peers.forget(id);
        }
      }
    }
  }

  long commitIndex() {
    return commitIndex;
  }

  /** Whether this process has run since its installed view began. */
  boolean continuous() {
    return !left && view().names(self, incarnation);
  }

  /** Whether another server is a member of the installed view as it was heard last. */
  boolean runsInView(ServerId other) {
    Peers.Peer peer = peers.get(other);
    return peer != null && view().names(other, peer.incarnation);
  }

  /** Whether a view newer than the installed one is promised (R3): nothing is acknowledged. */
  boolean frozen() {
    int order = hard.promisedBase().compareTo(view().ballot());
    return order > 0 || (order == 0 && hard.promisedBallot().isAfter(Epoch.ZERO));
  }

  /** Whether (base, ballot) may still be promised or, if {@code equal} will do, accepted. */
  boolean mayPromise(Epoch base, Epoch ballot, boolean equal) {
    int order = base.compareTo(hard.promisedBase());
    if (base.compareTo(view().ballot()) < 0 || order < 0) {
      return false;
    }
    int ballots = ballot.compareTo(hard.promisedBallot());
    return order > 0 || ballots > 0 || (equal && ballots == 0);
  }

  void promise(Epoch base, Epoch ballot) {
    change(
        view(), base, ballot, hard.accepted(), Math.max(hard.highestCounter(), ballot.counter()));
  }

  void accept(Epoch base, Epoch ballot, Proposal value) {
    HardState.Accepted accepted = new HardState.Accepted(base, ballot, value);
    change(view(), base, ballot, accepted, Math.max(hard.highestCounter(), ballot.counter()));
  }

  /** The view becomes the installed one; promises in older bases are settled by it. */
  void install(View next) {
    if (!next.ballot().isAfter(view().ballot())) {
      throw new InvariantViolation("installing " + next + " after " + view());
    }
    boolean settled = next.ballot().isAfter(hard.promisedBase());
    HardState.Accepted accepted = hard.accepted();
    boolean overtaken = accepted != null && next.ballot().isAfter(accepted.base());
    long counter = Math.max(hard.highestCounter(), next.ballot().counter());
    knows(next);
    change(
        next,
        settled ? Epoch.ZERO : hard.promisedBase(),
        settled ? Epoch.ZERO : hard.promisedBallot(),
        overtaken ? null : accepted,
        counter);
  }

  /** A ballot counter that another server used is never used here. */
  void sawCounter(long counter) {
    if (counter > hard.highestCounter()) {
      change(view(), hard.promisedBase(), hard.promisedBallot(), hard.accepted(), counter);
    }
  }

  private void change(
      View view,
      Epoch base,
      Epoch ballot,
      HardState.@Nullable Accepted accepted,
      long highestCounter) {
    hard = new HardState(incarnation, view, base, ballot, accepted, highestCounter);
    out.hardStateChanged();
  }

  /** Moves the commit index forward; it never goes back. */
  void commitTo(long index) {
    if (index > log.last().index()) {
      throw new InvariantViolation("committing " + index + " beyond " + log);
    }
    commitIndex = Math.max(commitIndex, index);
    log.commit(commitIndex);
  }

  /** The newest view that this server has installed or that another reports. */
  View newestView() {
    View newest = view();
    for (Peers.Peer peer : peers.all()) {
      Report report = peer.report;
      if (report != null && report.view().ballot().isAfter(newest.ballot())) {
        newest = report.view();
      }
    }
    return newest;
  }

  long nextHeartbeatStamp() {
    lastHeartbeatStamp = Math.max(now, lastHeartbeatStamp + 1);
    return lastHeartbeatStamp;
  }

  /** What this server says of itself now. */
  Report report(boolean active, Leases leases) {
    return new Report(
        ++reports,
        view(),
        frozen(),
        active,
        log.durable(),
        commitIndex,
        appliedIndex,
        leases.notEchoed(),
        peers.unheard(now, settings.leaseTimeout()),
        identity.address(),
        diskLow);
  }
}
