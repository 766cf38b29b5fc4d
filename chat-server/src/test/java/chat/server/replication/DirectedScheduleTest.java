package chat.server.replication;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Schedules made to hit one rule each. The intact core passes every one; with its rule taken out
 * the checker finds the damage. The breaking is done here, by overriding {@link ViewRules}.
 */
class DirectedScheduleTest {
  private static SimulatedCluster born(ViewRules rules) {
    SimulatedCluster cluster = new SimulatedCluster(7, 3, rules, 0);
    cluster.tracing = true;
    cluster.startAll();
    assertThat(cluster.runUntil(2_000, c -> c.servedBy(3))).isTrue();
    cluster.run(500);
    return cluster;
  }

  private static void bothWays(Consumer<ViewRules> schedule, ViewRules broken) {
    schedule.accept(new ViewRules());
    assertThatThrownBy(() -> schedule.accept(broken)).isInstanceOf(InvariantViolation.class);
  }

  /** For a rule with a second guard behind it: without the rule service does not come back. */
  private static void bothWaysOrNoService(Consumer<ViewRules> schedule, ViewRules broken) {
    schedule.accept(new ViewRules());
    assertThatThrownBy(() -> schedule.accept(broken))
        .isInstanceOfAny(InvariantViolation.class, AssertionError.class);
  }

  private static void propose(SimulatedCluster cluster, int at, int count) {
    for (int i = 0; i < count; i++) {
      cluster.propose(cluster.server(at));
    }
    // Long enough for what overtook its predecessor to be sent again.
    cluster.run(700);
  }

  private static Epoch view(SimulatedCluster cluster, int id) {
    return cluster.server(id).disk.hard.view().ballot();
  }

  private static boolean stirred(SimulatedCluster cluster, int id, Epoch base) {
    return cluster.server(id).disk.hard.accepted() != null || view(cluster, id).isAfter(base);
  }

  @Test
  void r2AnEntryThatOneMemberLacksIsNotAcknowledged() {
    bothWays(
        rules -> {
          SimulatedCluster cluster = born(rules);
          cluster.isolate(3);
          propose(cluster, 3, 1);
          cluster.crash(3);
          cluster.runUntil(5_000, c -> c.servedBy(2));
          propose(cluster, 2, 1);
          assertThat(cluster.checker().acknowledgedCount()).isEqualTo(1);
        },
        new ViewRules() {
          @Override
          long committed(long own, java.util.Collection<Long> others) {
            return own;
          }
        });
  }

  @Test
  void r3AnAcceptedValueIsProposedAgain() {
    bothWays(
        rules -> {
          SimulatedCluster cluster = born(rules);
          cluster.isolate(3);
          Epoch base = view(cluster, 3);
          // The candidate installs; the other accepts and hears no more of it.
          cluster.passes =
              e ->
                  !((e.message() instanceof Message.InstallRequest
                          || e.message() instanceof Message.Heartbeat
                          || e.message() instanceof Message.HeartbeatAnswer)
                      && (stirred(cluster, 1, base) || stirred(cluster, 2, base)));
          assertThat(
                  cluster.runUntil(
                      5_000, c -> view(c, 1).isAfter(base) || view(c, 2).isAfter(base)))
              .isTrue();
          assertThat(view(cluster, 1)).isNotEqualTo(view(cluster, 2));
          cluster.crash(view(cluster, 1).isAfter(base) ? 1 : 2);
          cluster.heal();
          cluster.passes = e -> true;
          assertThat(
                  cluster.runUntil(
                      10_000, c -> c.server(2).alive() ? c.servedBy(2) : c.servedBy(1)))
              .isTrue();
          cluster.run(2_000);
        },
        new ViewRules() {
          @Override
          HardState.@Nullable Accepted mustAdopt(
              Epoch base, java.util.Collection<ViewRules.Given> promises) {
            return null;
          }
        });
  }

  @Test
  void r4ASurvivorWhoseLeaseHadRunOutMayNotGoOnAlone() {
    bothWays(
        rules -> {
          SimulatedCluster cluster = born(rules);
          cluster.isolate(1);
          assertThat(
                  cluster.runUntil(
                      6_000, c -> c.servedBy(3) && !c.server(3).disk.hard.view().has(id(1))))
              .isTrue();
          propose(cluster, 3, 2);
          assertThat(cluster.checker().acknowledgedCount()).isEqualTo(2);
          cluster.crash(2);
          cluster.crash(3);
          cluster.run(500);
          cluster.heal();
          cluster.run(10_000);
          propose(cluster, 1, 1);
          assertThat(cluster.primary()).isNull();
          Status status = cluster.server(1).status;
          assertThat(status == null ? null : status.waitingFor()).containsExactly(id(2), id(3));
          cluster.start(2, 3);
          assertThat(cluster.runUntil(10_000, SimulatedCluster::complete)).isTrue();
        },
        new ViewRules() {
          @Override
          boolean holdsLease(int viewSize, int missing) {
            return true;
          }
        });
  }

  @Test
  void r5RestartedMembersHaveNoVote() {
    bothWays(
        rules -> {
          SimulatedCluster cluster = born(rules);
          cluster.crash(1);
          cluster.crash(2);
          assertThat(cluster.runUntil(5_000, c -> c.server(3).disk.hard.view().size() == 1))
              .isTrue();
          propose(cluster, 3, 2);
          assertThat(cluster.checker().acknowledgedCount()).isEqualTo(2);
          cluster.crash(3);
          cluster.start(1, 2);
          cluster.run(10_000);
          propose(cluster, 1, 1);
          propose(cluster, 2, 1);
          assertThat(cluster.primary()).isNull();
          cluster.start(3);
          assertThat(cluster.runUntil(10_000, SimulatedCluster::complete)).isTrue();
        },
        new ViewRules() {
          @Override
          boolean votes(View base, ServerId id, Incarnation incarnation, Epoch installed) {
            return installed.equals(base.ballot());
          }
        });
  }

  @Test
  void r7SilenceIsNoProofOfACrash() {
    bothWays(
        rules -> {
          SimulatedCluster cluster = born(rules);
          cluster.crash(1);
          assertThat(cluster.runUntil(5_000, c -> c.server(3).disk.hard.view().size() == 2))
              .isTrue();
          cluster.run(1_000);
          cluster.isolate(3);
          for (int i = 0; i < 20; i++) {
            cluster.run(500);
            propose(cluster, 2, 1);
            propose(cluster, 3, 1);
          }
          assertThat(cluster.checker().acknowledgedCount()).isZero();
          cluster.heal();
          assertThat(cluster.runUntil(10_000, c -> c.servedBy(3))).isTrue();
        },
        new ViewRules() {
          @Override
          boolean refusalProves(boolean refused, boolean stillHeard) {
            return true;
          }
        });
  }

  @Test
  void r12TheLogOfTheLaterViewIsTheNewerOneHoweverShort() {
    bothWaysOrNoService(
        rules -> {
          SimulatedCluster cluster = born(rules);
          propose(cluster, 3, 4);
          cluster.isolate(3);
          propose(cluster, 3, 10);
          assertThat(cluster.runUntil(5_000, c -> c.servedBy(2))).isTrue();
          cluster.heal();
          // Server 3 learns nothing yet, and server 1 not how far server 2 has committed.
          cluster.passes =
              e ->
                  !(e.message() instanceof Message.JoinRequest
                      || e.message() instanceof Message.FetchRequest);
          cluster.run(500);
          cluster.delayMax = 0;
          Predicate<Envelope> silence =
              e ->
                  !(e.message() instanceof Message.FetchRequest && e.from().value() == 3)
                      && !(e.from().value() == 2
                          && e.to().value() == 1
                          && (e.message() instanceof Message.Heartbeat
                              || e.message() instanceof Message.HeartbeatAnswer));
          cluster.passes = silence;
          cluster.propose(cluster.server(2));
          cluster.propose(cluster.server(2));
          cluster.run(20);
          assertThat(cluster.checker().acknowledgedCount()).isEqualTo(6);
          assertThat(cluster.server(3).disk.length()).isEqualTo(14);
          // Server 3 is decided into the view but neither accepts nor installs it; 2 dies.
          cluster.passes =
              silence.and(
                  e ->
                      !(e.to().value() == 3
                          && (e.message() instanceof Message.AcceptRequest
                              || e.message() instanceof Message.InstallRequest)));
          assertThat(cluster.runUntil(5_000, c -> c.server(1).disk.hard.accepted() != null))
              .isTrue();
          cluster.crash(2);
          assertThat(cluster.runUntil(5_000, c -> c.server(1).disk.hard.view().has(id(3))))
              .isTrue();
          cluster.start(2);
          cluster.passes =
              e -> !(e.to().value() == 3 && e.message() instanceof Message.InstallRequest);
          cluster.run(3_000);
          cluster.passes = e -> true;
          assertThat(cluster.runUntil(20_000, SimulatedCluster::complete)).isTrue();
          propose(cluster, 1, 1);
          propose(cluster, 2, 1);
          propose(cluster, 3, 1);
        },
        new ViewRules() {
          @Override
          int compareLogs(Message.Promise a, Message.Promise b) {
            return Long.compare(a.end().index(), b.end().index());
          }
        });
  }

  @Test
  void r10AReadAtADeposedPrimaryIsNotAnswered() {
    bothWays(
        rules -> {
          SimulatedCluster cluster = born(rules);
          cluster.server(3).paused = true;
          assertThat(cluster.runUntil(6_000, c -> c.servedBy(2))).isTrue();
          propose(cluster, 2, 2);
          cluster.isolate(3);
          cluster.server(3).paused = false;
          cluster.read(cluster.server(3));
          cluster.run(2_000);
        },
        new ViewRules() {
          @Override
          boolean mayAnswerRead(Leases leases, long stamp) {
            return true;
          }
        });
  }

  @Test
  void aCrashOfAllBetweenAcceptAndInstallIsSurvived() {
    SimulatedCluster cluster = born(new ViewRules());
    propose(cluster, 3, 3);
    cluster.crash(3);
    cluster.passes = e -> !(e.message() instanceof Message.Accepted);
    assertThat(cluster.runUntil(5_000, c -> c.server(1).disk.hard.accepted() != null)).isTrue();
    cluster.crash(1);
    cluster.crash(2);
    cluster.passes = e -> true;
    cluster.startAll();
    assertThat(cluster.runUntil(10_000, SimulatedCluster::complete)).isTrue();
    cluster.propose();
    cluster.run(100);
    assertThat(cluster.checker().acknowledgedCount()).isEqualTo(4);
  }

  @Test
  void twoOfThreeMayCrashAtOnceAndTheSurvivorServesInAFractionOfASecond() {
    SimulatedCluster cluster = born(new ViewRules());
    propose(cluster, 3, 3);
    cluster.crash(3);
    cluster.crash(2);
    assertThat(cluster.runUntil(400, c -> c.servedBy(1))).isTrue();
    propose(cluster, 1, 1);
    assertThat(cluster.checker().acknowledgedCount()).isEqualTo(4);
  }

  @Test
  void theHighestUpToDateServerTakesOverAndAReturningHigherOneDoesNotTakeItBack() {
    SimulatedCluster cluster = born(new ViewRules());
    cluster.crash(3);
    assertThat(cluster.runUntil(400, c -> c.servedBy(2))).isTrue();
    cluster.start(3);
    assertThat(cluster.runUntil(2_000, SimulatedCluster::complete)).isTrue();
    assertThat(cluster.servedBy(2)).isTrue();
  }

  @Test
  void aServerThatComesBackTooSlowlyHoldsNobodyUp() {
    SimulatedCluster cluster = born(new ViewRules());
    cluster.crash(1);
    assertThat(cluster.runUntil(2_000, c -> c.server(3).disk.hard.view().size() == 2)).isTrue();
    cluster.passes = e -> !(e.to().value() == 1 && e.message() instanceof Message.PromiseRequest);
    cluster.start(1);
    long longest = 0;
    for (int i = 0; i < 200; i++) {
      long asked = cluster.now();
      int before = cluster.checker().acknowledgedCount();
      assertThat(
              cluster.runUntil(
                  2_000,
                  c -> {
                    c.propose();
                    return c.checker().acknowledgedCount() > before;
                  }))
          .isTrue();
      longest = Math.max(longest, cluster.now() - asked);
      cluster.run(20);
    }
    assertThat(longest / SimulatedCluster.MILLI).isLessThan(500);
    cluster.passes = e -> true;
    assertThat(cluster.runUntil(40_000, SimulatedCluster::complete)).isTrue();
  }

  @Test
  void aWipedDiskIsAStrangerAndCountsForNothing() {
    SimulatedCluster cluster = born(new ViewRules());
    propose(cluster, 3, 3);
    cluster.crash(1);
    cluster.run(1_000);
    cluster.server(1).disk = new SimulatedDisk("another", View.unborn(Set.of(id(1), id(2), id(3))));
    cluster.start(1);
    cluster.run(3_000);
    assertThat(cluster.primary()).isNotNull();
    assertThat(cluster.complete()).isFalse();
    assertThat(cluster.transcript()).contains("refusing server 1: its disk is not the one");
  }

  private static ServerId id(int value) {
    return new ServerId(value);
  }
}
