package chat.server.replication;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.function.Consumer;

/** What directed schedules are told with. */
final class Schedules {
  private Schedules() {}

  static ServerId id(int value) {
    return new ServerId(value);
  }

  /** Three servers in their first view, served by the highest. */
  static SimulatedCluster born(ViewRules rules) {
    return born(rules, 3);
  }

  static SimulatedCluster born(ViewRules rules, int size) {
    return born(rules, size, 7);
  }

  static SimulatedCluster born(ViewRules rules, int size, long seed) {
    SimulatedCluster cluster = new SimulatedCluster(seed, size, rules, 0);
    cluster.tracing = true;
    cluster.startAll();
    assertThat(cluster.runUntil(2_000, c -> c.servedBy(size))).isTrue();
    cluster.run(500);
    return cluster;
  }

  /** Passes on the intact core, and fails by a violated invariant on the broken one. */
  static void caught(Consumer<ViewRules> schedule, ViewRules broken) {
    schedule.accept(new ViewRules());
    assertThatThrownBy(() -> schedule.accept(broken)).isInstanceOf(InvariantViolation.class);
  }

  /** Under which members may have accepted what those who come in have not. */
  static class AllAcceptAtOnce extends ViewRules {
    @Override
    boolean newcomersAcceptFirst() {
      return false;
    }
  }

  /** For a rule with a second guard behind it: without the rule service does not come back. */
  static void caughtOrOutOfService(Consumer<ViewRules> schedule, ViewRules broken) {
    caughtOrOutOfService(schedule, new ViewRules(), broken);
  }

  static void caughtOrOutOfService(
      Consumer<ViewRules> schedule, ViewRules intact, ViewRules broken) {
    schedule.accept(intact);
    assertThatThrownBy(() -> schedule.accept(broken))
        .isInstanceOfAny(InvariantViolation.class, AssertionError.class);
  }

  static void propose(SimulatedCluster cluster, int at, int count) {
    for (int i = 0; i < count; i++) {
      cluster.propose(cluster.server(at));
    }
    // Long enough for what overtook its predecessor to be sent again.
    cluster.run(700);
  }

  /** The view that a server has installed. */
  static View installed(SimulatedCluster cluster, int id) {
    return cluster.server(id).disk.hard.view();
  }

  static Epoch view(SimulatedCluster cluster, int id) {
    return installed(cluster, id).ballot();
  }

  /** Whether a server has accepted what follows a view, or installed it. */
  static boolean stirred(SimulatedCluster cluster, int id, Epoch base) {
    return cluster.server(id).disk.hard.accepted() != null || view(cluster, id).isAfter(base);
  }

  static boolean promised(SimulatedCluster cluster, int id) {
    HardState hard = cluster.server(id).disk.hard;
    return hard.promisedBallot().isAfter(hard.view().ballot());
  }

  /** A server serves a view without another. */
  static boolean servesWithout(SimulatedCluster cluster, int id, int other) {
    return cluster.servedBy(id) && !installed(cluster, id).has(id(other));
  }

  static void waits(SimulatedCluster cluster, int id, int... forServers) {
    assertThat(cluster.primary()).isNull();
    Status status = cluster.server(id).status;
    ServerId[] missing = Arrays.stream(forServers).mapToObj(ServerId::new).toArray(ServerId[]::new);
    assertThat(status == null ? null : status.waitingFor()).containsExactly(missing);
  }

  /** Whether a message goes from one server to another. */
  static boolean goes(Envelope e, int from, int to) {
    return e.from().value() == from && e.to().value() == to;
  }

  /** Whether it says that its sender has installed a later view. */
  static boolean tellsOfAViewAfter(Epoch view, Envelope e) {
    return e.message() instanceof Message.Heartbeat heartbeat
        ? heartbeat.report().view().ballot().isAfter(view)
        : e.message() instanceof Message.HeartbeatAnswer answer
            && answer.report().view().ballot().isAfter(view);
  }

  /** Whether a server has accepted what follows this very base. */
  static boolean acceptedIn(Epoch base, SimulatedCluster cluster, int id) {
    HardState.Accepted accepted = cluster.server(id).disk.hard.accepted();
    return accepted != null && accepted.base().equals(base);
  }

  /** Whether something is proposed and acknowledged within a time. */
  static boolean acknowledges(SimulatedCluster cluster, long millis) {
    int before = cluster.checker().acknowledgedCount();
    return cluster.runUntil(
        millis,
        c -> {
          c.propose();
          return c.checker().acknowledgedCount() > before;
        });
  }

  static boolean isHeartbeat(Envelope e) {
    return e.message() instanceof Message.Heartbeat;
  }

  static boolean isEcho(Envelope e) {
    return e.message() instanceof Message.HeartbeatAnswer;
  }
}
