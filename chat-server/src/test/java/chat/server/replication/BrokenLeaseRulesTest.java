package chat.server.replication;

import static chat.server.replication.Schedules.born;
import static chat.server.replication.Schedules.caught;
import static chat.server.replication.Schedules.goes;
import static chat.server.replication.Schedules.id;
import static chat.server.replication.Schedules.installed;
import static chat.server.replication.Schedules.isEcho;
import static chat.server.replication.Schedules.isHeartbeat;
import static chat.server.replication.Schedules.promised;
import static chat.server.replication.Schedules.propose;
import static chat.server.replication.Schedules.servesWithout;
import static chat.server.replication.Schedules.waits;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * The rules about leases, proofs and reads (R3, R4, R7, R10), each taken out once: the intact core
 * passes the schedule made for it, and the checker finds the damage in the other. The breaking is
 * done here, by overriding {@link ViewRules}.
 */
class BrokenLeaseRulesTest {
  @Test
  void r4ASurvivorWhoseLeaseHadRunOutMayNotGoOnAlone() {
    caught(
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
  void r7SilenceIsNoProofOfACrash() {
    caught(
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
  void r10AReadAtADeposedPrimaryIsNotAnswered() {
    caught(
        rules -> {
          SimulatedCluster cluster = born(rules);
          cluster.isolate(3);
          cluster.server(3).paused = true;
          assertThat(cluster.runUntil(6_000, c -> c.servedBy(2))).isTrue();
          propose(cluster, 2, 2);
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
  void r4OfFiveServersOneEchoIsNoLease() {
    caught(
        rules -> {
          SimulatedCluster cluster = born(rules, 5);
          cluster.part(Set.of(1, 2), Set.of(3, 4, 5));
          assertThat(cluster.runUntil(6_000, c -> installed(c, 5).size() == 3 && c.servedBy(5)))
              .isTrue();
          cluster.propose(cluster.server(5));
          cluster.run(30);
          assertThat(cluster.checker().acknowledgedCount()).isEqualTo(1);
          // Servers 1 and 2 have echoed each other until lately; now all who left them out die.
          // (Later it does no harm: two who each report three others are no longer echoed.)
          cluster.crash(3);
          cluster.crash(4);
          cluster.crash(5);
          cluster.heal();
          cluster.run(10_000);
          assertThat(cluster.primary()).isNull();
          cluster.start(3, 4, 5);
          assertThat(cluster.runUntil(10_000, SimulatedCluster::complete)).isTrue();
        },
        new ViewRules() {
          @Override
          boolean holdsLease(int viewSize, int missing) {
            return viewSize == 1 || missing < viewSize - 1;
          }
        });
  }

  @Test
  void r4NobodyIsLeftOutWhileHisLeaseMayStillRun() {
    caught(
        rules -> {
          SimulatedCluster cluster = born(rules);
          // Server 1 hears nothing of 3 any more, server 2 goes on echoing it for 0.7 s.
          cluster.cut(3, 1, true);
          cluster.run(700);
          cluster.cut(3, 2, true);
          leftOutAndAlone(cluster);
        },
        new ViewRules() {
          @Override
          boolean exclusionTimePassed(long sinceEcho, long exclusionTimeout) {
            return sinceEcho >= exclusionTimeout / 5; // 300 ms, and T_L is a second
          }
        });
  }

  @Test
  void r3WhoHasPromisedEchoesNoMore() {
    caught(
        rules -> {
          SimulatedCluster cluster = born(rules);
          cluster.delayMax = 0;
          // Server 3 hears all, but 1 hears nothing of it, and 2 its echoes only.
          cluster.cut(3, 1, true);
          cluster.passes = e -> !(goes(e, 3, 2) && isHeartbeat(e));
          cluster.run(1_000);
          // Server 2 does not learn that 1 counts on 3 no longer.
          cluster.passes =
              e ->
                  !(goes(e, 3, 2) && isHeartbeat(e))
                      && !(goes(e, 1, 2) && (isHeartbeat(e) || isEcho(e)));
          cluster.held = e -> goes(e, 2, 1) && e.message() instanceof Message.Accepted;
          assertThat(cluster.runUntil(2_000, c -> promised(c, 1) && promised(c, 2))).isTrue();
          cluster.passes = e -> !(goes(e, 1, 2) && (isHeartbeat(e) || isEcho(e)));
          cluster.run(300);
          cluster.cut(3, 2, true);
          cluster.release();
          leftOutAndAlone(cluster);
        },
        new ViewRules() {
          @Override
          boolean echoes(boolean promisedNewer) {
            return true;
          }
        });
  }

  /** Server 3 is left out and hears nothing of it; what it misses is acknowledged; 1 and 2 die. */
  private static void leftOutAndAlone(SimulatedCluster cluster) {
    cluster.passes = e -> e.to().value() != 3;
    assertThat(cluster.runUntil(4_000, c -> servesWithout(c, 2, 3))).isTrue();
    cluster.propose(cluster.server(2));
    cluster.run(30);
    assertThat(cluster.checker().acknowledgedCount()).isEqualTo(1);
    cluster.heal();
    cluster.crash(1);
    cluster.crash(2);
    cluster.passes = e -> true;
    cluster.run(10_000);
    waits(cluster, 3, 1, 2);
  }

  @Test
  void r4AProofNamesTheStartItIsAbout() {
    caught(
        rules -> {
          SimulatedCluster cluster = born(rules);
          // The others ask the life socket of 3, which is down; the answer takes its time.
          cluster.probeDelay = 1_500 * SimulatedCluster.MILLI;
          long crashed = cluster.now();
          cluster.crash(3);
          cluster.run(120);
          cluster.probeDelay = 100_000;
          // Meanwhile 3 starts again and is a member of the next view.
          cluster.start(3);
          assertThat(cluster.runUntil(1_000, SimulatedCluster::complete)).isTrue();
          cluster.run(1_500 - (cluster.now() - crashed) / SimulatedCluster.MILLI);
          // Their connections to it break, and they ask again: what comes is the old answer.
          cluster.cut(3, 1, true);
          cluster.cut(3, 2, true);
          cluster.breakConnection(2, 3);
          cluster.breakConnection(1, 3);
          leftOutAndAlone(cluster);
        },
        new ViewRules() {
          @Override
          boolean isAbout(Incarnation evidence, Incarnation named) {
            return true;
          }
        });
  }
}
