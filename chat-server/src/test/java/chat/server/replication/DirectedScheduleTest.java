package chat.server.replication;

import static chat.server.replication.Schedules.born;
import static chat.server.replication.Schedules.id;
import static chat.server.replication.Schedules.installed;
import static chat.server.replication.Schedules.propose;
import static chat.server.replication.Schedules.view;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Schedules made by hand: what must work, and how fast. */
class DirectedScheduleTest {
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

  /**
   * Only the candidate installs what all have accepted, and starts anew: it knows the view then but
   * not where it began. The three that are a majority of it, and none of the view before, follow.
   */
  @Test
  void aViewThatOnlyARestartedServerHasInstalledIsFollowedByThoseWhoAcceptedIt() {
    SimulatedCluster cluster = born(new ViewRules(), 5);
    Epoch before = view(cluster, 5);
    cluster.passes = e -> !(e.message() instanceof Message.InstallRequest);
    cluster.crash(1);
    cluster.start(1);
    assertThat(cluster.runUntil(5_000, c -> view(c, 5).isAfter(before))).isTrue();
    cluster.crash(5);
    cluster.isolate(2);
    cluster.passes = e -> true;
    cluster.start(5);
    assertThat(installed(cluster, 5).has(id(1))).isTrue();
    assertThat(view(cluster, 4)).isEqualTo(before);
    assertThat(cluster.runUntil(3_000, c -> c.primary() != null)).isTrue();
    cluster.propose();
    cluster.run(100);
    assertThat(cluster.checker().acknowledgedCount()).isEqualTo(1);
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
    cluster.wipe(1);
    cluster.start(1);
    cluster.run(3_000);
    assertThat(cluster.primary()).isNotNull();
    assertThat(cluster.complete()).isFalse();
    assertThat(cluster.transcript()).contains("refusing server 1: its disk is not the one");
  }

  /** A copy is told from the true disk by those who have seen a later start, while they run. */
  @Test
  void aRolledBackDiskIsRefusedByThoseWhoSawALaterStart() {
    SimulatedCluster cluster = born(new ViewRules());
    SimulatedServer victim = cluster.server(1);
    SimulatedDisk old = victim.disk.copy();
    cluster.crash(1);
    cluster.start(1);
    assertThat(cluster.runUntil(2_000, SimulatedCluster::complete)).isTrue();
    cluster.crash(1);
    cluster.start(1);
    assertThat(cluster.runUntil(2_000, SimulatedCluster::complete)).isTrue();
    propose(cluster, 3, 3);
    cluster.crash(1);
    SimulatedDisk kept = victim.disk;
    victim.disk = old;
    cluster.start(1);
    cluster.run(3_000);
    propose(cluster, 3, 1);
    assertThat(cluster.checker().acknowledgedCount()).isEqualTo(4);
    assertThat(cluster.complete()).isFalse();
    assertThat(cluster.transcript()).contains("is older than its start 3, seen before");
    cluster.crash(1);
    victim.disk = kept;
    cluster.start(1);
    assertThat(cluster.runUntil(5_000, SimulatedCluster::complete)).isTrue();
  }

  @Test
  void serversOnEachOthersDisksAreRefusedAndHarmNobody() {
    SimulatedCluster cluster = born(new ViewRules());
    propose(cluster, 3, 2);
    cluster.crash(1);
    cluster.crash(2);
    assertThat(cluster.runUntil(2_000, c -> c.server(3).disk.hard.view().size() == 1)).isTrue();
    SimulatedDisk disk = cluster.server(1).disk;
    cluster.server(1).disk = cluster.server(2).disk;
    cluster.server(2).disk = disk;
    cluster.start(1, 2);
    cluster.run(3_000);
    propose(cluster, 3, 2);
    assertThat(cluster.checker().acknowledgedCount()).isEqualTo(4);
    assertThat(cluster.server(3).disk.hard.view().size()).isEqualTo(1);
    assertThat(cluster.transcript())
        .contains("server 3: refusing server 1: its disk is not the one")
        .contains("server 3: refusing server 2: its disk is not the one");
  }

  @Test
  void whoLeavesWhileAHeartbeatIsDueComesToRest() {
    SimulatedCluster cluster = born(new ViewRules());
    cluster.crash(2);
    assertThat(cluster.runUntil(2_000, c -> c.server(3).disk.hard.view().size() == 2)).isTrue();
    SimulatedServer server = cluster.server(1);
    Replica process = Objects.requireNonNull(server.replica);
    // A tick that comes late brings a heartbeat that is due at once, and then it is told to stop.
    process.tick(server.clock() + 300 * SimulatedCluster.MILLI);
    assertThat(process.hasWork()).isTrue();
    process.leave(server.clock() + 300 * SimulatedCluster.MILLI);
    Ready last = process.ready();
    assertThat(last.send()).allMatch(e -> e.message() instanceof Message.Goodbye);
    assertThat(process.hasWork()).isFalse();
  }

  @Test
  void whoHeardNothingOfAMemberInTheViewBeforeGivesItTimeInTheNew() {
    SimulatedCluster cluster = born(new ViewRules());
    propose(cluster, 3, 3);
    Epoch before = Schedules.view(cluster, 1);
    for (int id = 1; id <= 3; id++) {
      cluster.crash(id);
    }
    // The two ends do not hear each other while all must take part, so only the middle one can
    // bring them together; no round of its comes to an end meanwhile.
    cluster.cut(1, 3, true);
    cluster.cut(3, 1, true);
    cluster.passes = e -> !(e.message() instanceof Message.Promise);
    cluster.startAll();
    cluster.run(4_000);
    cluster.passes = e -> true;
    assertThat(cluster.run(10_000, c -> Schedules.view(c, 3).isAfter(before))).isTrue();
    cluster.heal();
    Epoch after = Schedules.view(cluster, 3);
    assertThat(cluster.runUntil(500, c -> c.primary() != null)).isTrue();
    propose(cluster, 3, 3);
    cluster.run(2_000);
    assertThat(Schedules.view(cluster, 1)).isEqualTo(after);
    assertThat(cluster.checker().acknowledgedCount()).isEqualTo(6);
  }
}
