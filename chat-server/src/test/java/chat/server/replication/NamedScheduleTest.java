package chat.server.replication;

import static chat.server.replication.Schedules.born;
import static chat.server.replication.Schedules.caught;
import static chat.server.replication.Schedules.goes;
import static chat.server.replication.Schedules.id;
import static chat.server.replication.Schedules.installed;
import static chat.server.replication.Schedules.isEcho;
import static chat.server.replication.Schedules.isHeartbeat;
import static chat.server.replication.Schedules.propose;
import static chat.server.replication.Schedules.servesWithout;
import static chat.server.replication.Schedules.tellsOfAViewAfter;
import static chat.server.replication.Schedules.view;
import static chat.server.replication.Schedules.waits;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

/** The schedules that designs of this kind fail by, told one after the other. */
class NamedScheduleTest {
  private static final ViewRules RULES = new ViewRules();

  private static void acknowledged(SimulatedCluster cluster, int count) {
    assertThat(cluster.checker().acknowledgedCount()).isEqualTo(count);
  }

  private static void completes(SimulatedCluster cluster) {
    assertThat(cluster.runUntil(20_000, SimulatedCluster::complete)).isTrue();
    int before = cluster.checker().acknowledgedCount();
    cluster.propose();
    cluster.run(700);
    acknowledged(cluster, before + 1);
  }

  @Test
  void h1TheOneThatSleptWakesAmongTheDeadAndMustWait() {
    SimulatedCluster cluster = born(RULES);
    cluster.server(1).paused = true;
    assertThat(cluster.runUntil(6_000, c -> servesWithout(c, 3, 1))).isTrue();
    propose(cluster, 3, 2);
    acknowledged(cluster, 2);
    cluster.crash(2);
    cluster.crash(3);
    cluster.run(1_000);
    // It wakes, and both refusals that it gets are true.
    cluster.server(1).paused = false;
    cluster.run(10_000);
    waits(cluster, 1, 2, 3);
    cluster.start(2);
    cluster.run(5_000);
    assertThat(cluster.primary()).isNull();
    cluster.start(3);
    completes(cluster);
    acknowledged(cluster, 3);
  }

  @Test
  void h2TheTwoThatReturnMustWaitForTheThirdThatServedAlone() {
    SimulatedCluster cluster = born(RULES);
    cluster.crash(2);
    cluster.crash(3);
    assertThat(cluster.runUntil(500, c -> c.servedBy(1))).isTrue();
    propose(cluster, 1, 2);
    acknowledged(cluster, 2);
    cluster.crash(1);
    cluster.start(2, 3);
    cluster.run(10_000);
    waits(cluster, 2, 1);
    cluster.start(1);
    completes(cluster);
    acknowledged(cluster, 3);
  }

  @Test
  void h3AHostThatRefusesForBothSidesIsBeyondTheLimitAndMakesTwoPrimaries() {
    // The documented limit: between servers, DROP. A REJECT that nobody can contradict looks
    // exactly like two crashes to the one side, and like one crash to the other.
    assertThatThrownBy(
            () -> {
              SimulatedCluster cluster = born(RULES);
              cluster.reject(3, 1);
              cluster.reject(3, 2);
              cluster.run(500);
              propose(cluster, 3, 1);
              propose(cluster, 2, 1);
            })
        .isInstanceOf(InvariantViolation.class);
  }

  @Test
  void h3AHostThatRefusesBetweenTwoIsContradictedByTheThird() {
    SimulatedCluster cluster = born(RULES);
    cluster.reject(3, 1);
    for (int i = 0; i < 40; i++) {
      cluster.propose(cluster.server(1));
      cluster.propose(cluster.server(2));
      cluster.propose(cluster.server(3));
      cluster.run(100);
    }
    // One of the two is left out, as on any cut link: by time, not by a proof.
    assertThat(cluster.primary()).isNotNull();
    assertThat(cluster.transcript()).doesNotContain("refuses connections to its life socket");
    cluster.heal();
    completes(cluster);
  }

  @Test
  void h4AViewInstalledAtOneMemberOnlyIsFinishedByTheNext() {
    SimulatedCluster cluster = born(RULES);
    propose(cluster, 3, 2);
    cluster.isolate(3);
    Epoch base = view(cluster, 3);
    cluster.passes =
        e -> !(e.message() instanceof Message.InstallRequest) && !tellsOfAViewAfter(base, e);
    assertThat(cluster.runUntil(5_000, c -> view(c, 1).isAfter(base) || view(c, 2).isAfter(base)))
        .isTrue();
    int one = view(cluster, 1).isAfter(base) ? 1 : 2;
    int other = 3 - one;
    View half = installed(cluster, one);
    assertThat(view(cluster, other)).isEqualTo(base);
    // The one that has it is gone; the other and the old primary decide what follows the base.
    cluster.isolate(one);
    cluster.cut(3, other, false);
    cluster.cut(other, 3, false);
    cluster.passes = e -> true;
    assertThat(cluster.runUntil(8_000, c -> view(c, other).isAfter(base))).isTrue();
    assertThat(installed(cluster, other)).isEqualTo(half);
    cluster.heal();
    completes(cluster);
    acknowledged(cluster, 3);
  }

  @Test
  void h5AnAmnesiacDiskNeitherVotesNorStandsInForWhatItLost() {
    SimulatedCluster cluster = born(RULES);
    cluster.crash(1);
    cluster.crash(2);
    assertThat(cluster.runUntil(2_000, c -> installed(c, 3).size() == 1)).isTrue();
    propose(cluster, 3, 2);
    acknowledged(cluster, 2);
    cluster.crash(3);
    SimulatedDisk kept = cluster.server(3).disk;
    cluster.wipe(3);
    cluster.startAll();
    cluster.run(10_000);
    waits(cluster, 1, 3);
    assertThat(cluster.transcript()).contains("refusing server 3: its disk is not the one");
    // The true disk comes back.
    cluster.crash(3);
    cluster.server(3).disk = kept;
    cluster.start(3);
    completes(cluster);
    acknowledged(cluster, 3);
  }

  @Test
  void h6ALongOldLogYieldsToAShortNewOne() {
    SimulatedCluster cluster = born(RULES);
    propose(cluster, 3, 2);
    cluster.isolate(3);
    propose(cluster, 3, 20);
    assertThat(cluster.runUntil(5_000, c -> c.servedBy(2))).isTrue();
    propose(cluster, 2, 1);
    acknowledged(cluster, 3);
    assertThat(cluster.server(3).disk.length()).isEqualTo(22);
    // Everybody dies; all three are needed, and the three entries of the newer view win.
    cluster.crash(1);
    cluster.crash(2);
    cluster.crash(3);
    cluster.heal();
    cluster.start(1, 3);
    cluster.run(5_000);
    assertThat(cluster.primary()).isNull();
    cluster.start(2);
    completes(cluster);
    acknowledged(cluster, 4);
    for (SimulatedServer server : cluster.servers()) {
      assertThat(server.disk.length()).isEqualTo(4);
    }
  }

  @Test
  void h7AnExcludedPrimaryThatActivatesLateAnswersNoRead() {
    caught(
        rules -> {
          SimulatedCluster cluster = born(rules);
          cluster.crash(1);
          assertThat(cluster.runUntil(2_000, c -> servesWithout(c, 3, 1))).isTrue();
          propose(cluster, 3, 1);
          // Server 1 comes back and has to wait; soon 1 and 2 get no more heartbeats of 3, so that
          // T_X runs for it already when the view that takes 1 in is installed.
          cluster.passes = e -> !(e.message() instanceof Message.JoinRequest);
          cluster.start(1);
          cluster.run(1_000);
          cluster.passes =
              e ->
                  !(e.message() instanceof Message.JoinRequest)
                      && !(e.from().equals(id(3)) && isHeartbeat(e));
          cluster.run(500);
          cluster.passes = e -> !(e.from().equals(id(3)) && isHeartbeat(e));
          // What 2 says after installing that view is held on its way: 3 does not act.
          cluster.held =
              e ->
                  goes(e, 2, 3)
                      && (isHeartbeat(e) || isEcho(e))
                      && installed(cluster, 2).size() == 3;
          assertThat(
                  cluster.runUntil(
                      1_000,
                      c ->
                          installed(c, 3).size() == 3
                              && view(c, 2).equals(view(c, 3))
                              && view(c, 1).equals(view(c, 3))))
              .isTrue();
          cluster.run(5);
          assertThat(cluster.server(3).acts()).isFalse();
          View late = installed(cluster, 3);
          // All stand still; 1 and 2 wake after T_L, and leave 3 out.
          cluster.isolate(3);
          cluster.servers().forEach(server -> server.paused = true);
          cluster.run(1_000);
          cluster.server(1).paused = false;
          cluster.server(2).paused = false;
          assertThat(cluster.run(300, c -> servesWithout(c, 2, 3))).isTrue();
          cluster.propose(cluster.server(2));
          cluster.run(10);
          acknowledged(cluster, 2);
          // Now the old primary learns that all had installed its view, a second ago. It may not
          // leave 1 out yet, so it does not stand at once, which would silence it as well.
          cluster.server(3).paused = false;
          cluster.releaseThroughCuts();
          assertThat(cluster.run(20, c -> c.server(3).acts())).isTrue();
          assertThat(installed(cluster, 3)).isEqualTo(late);
          cluster.read(cluster.server(3));
          cluster.propose(cluster.server(3));
          cluster.run(2_000);
          acknowledged(cluster, 2);
          cluster.passes = e -> true;
          cluster.heal();
          completes(cluster);
        },
        new ViewRules() {
          @Override
          boolean mayAnswerRead(Leases leases, long stamp) {
            return true;
          }
        });
  }
}
