package chat.server.replication;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** A lineage that one server began while the others serve in the one before. */
class LaterLineageTest {
  private static final int[] OTHERS = {2, 3};

  @Test
  void aServingViewStaysAsLongAsItHasSomethingToLose() {
    SimulatedCluster cluster = beganWhileTheOthersServe();
    cluster.run(15_000);
    assertThat(isActing(cluster, 3)).isTrue();
    for (int other : OTHERS) {
      assertThat(cluster.server(other).ending).isNull();
    }
  }

  @Test
  void whoHasNothingToLoseFollowsFromWithinAServingViewAndServesNoMore() {
    SimulatedCluster cluster = beganWhileTheOthersServe();
    cluster.run(15_000);
    for (int other : OTHERS) {
      SimulatedServer server = cluster.server(other);
      Replica replica = Objects.requireNonNull(server.replica);
      // Not while there is something in the log whose effect is not known.
      replica.mayBeReplaced(true);
    }
    cluster.run(1_000);
    for (int other : OTHERS) {
      assertThat(cluster.server(other).ending).isNull();
      SimulatedServer server = cluster.server(other);
      Replica replica = Objects.requireNonNull(server.replica);
      Status.Server own = Objects.requireNonNull(server.status).servers().get(server.id);
      replica.applied(Objects.requireNonNull(own).durableIndex());
    }
    assertThat(
            cluster.runUntil(15_000, c -> c.server(2).ending != null && c.server(3).ending != null))
        .isTrue();
    for (int other : OTHERS) {
      assertThat(cluster.server(other).ending).isInstanceOf(Ready.Ending.LaterLineage.class);
      assertThat(isActing(cluster, other)).isFalse();
    }
    cluster.run(5_000);
    assertThat(isActing(cluster, 2) || isActing(cluster, 3)).isFalse();
  }

  private static boolean isActing(SimulatedCluster cluster, int id) {
    return Objects.requireNonNull(cluster.server(id).replica).takesWrites();
  }

  private static SimulatedCluster beganWhileTheOthersServe() {
    SimulatedCluster cluster = new SimulatedCluster(7, 3, new ViewRules(), 0);
    cluster.tracing = true;
    cluster.startAll();
    assertThat(cluster.runUntil(2_000, c -> c.servedBy(3))).isTrue();
    cluster.propose(cluster.server(3));
    cluster.run(500);
    ServerId one = cluster.server(1).id;
    cluster.crash(one);
    assertThat(
            cluster.runUntil(5_000, c -> c.servedBy(3) && c.server(3).disk.hard.view().size() == 2))
        .isTrue();

    HardState old = cluster.server(1).disk.hard;
    Cluster was = old.view().cluster();
    Epoch ballot = Epoch.of(old.highestCounter() + 1, one);
    TreeMap<ServerId, Incarnation> alone = new TreeMap<>();
    alone.put(one, old.incarnation());
    Cluster next = new Cluster(was.id(), was.nextLineage(one), was.disks());
    View view = new View(ballot, alone, one, next);
    cluster.server(1).disk.hard =
        new HardState(old.incarnation(), view, Epoch.ZERO, Epoch.ZERO, null, ballot.counter());
    cluster.start(1);
    return cluster;
  }

  /** Server 1, first alone, grew to two; a lineage was forced at 2, and 1 follows it, empty. */
  @Test
  void whoLearnsALineageThatAnotherBeganIsAMemberOfNothing() {
    SimulatedCluster cluster = new SimulatedCluster(7, 2, new ViewRules(), 0);
    TreeMap<ServerId, String> disks = new TreeMap<>();
    disks.put(new ServerId(1), "disk-1");
    disks.put(new ServerId(2), "disk-2");
    Cluster forced =
        new Cluster("c", new Cluster("c", 1, disks).nextLineage(new ServerId(2)), disks);
    Incarnation start = new Incarnation(3);
    TreeMap<ServerId, Incarnation> founder = new TreeMap<>();
    founder.put(new ServerId(2), start);
    View begun = new View(Epoch.of(8, new ServerId(2)), founder, new ServerId(2), forced);
    cluster.server(2).disk.hard = new HardState(start, begun, Epoch.ZERO, Epoch.ZERO, null, 8);
    // Its flags name itself alone.
    Set<ServerId> configured = Set.of(new ServerId(1));
    View none = View.unborn(configured);
    View learning = new View(none.ballot(), none.members(), none.primary(), forced);
    cluster.server(1).disk.hard = new HardState(start, learning, Epoch.ZERO, Epoch.ZERO, null, 9);
    cluster.server(1).configured = configured;
    cluster.start(2);
    assertThat(cluster.runUntil(2_000, c -> c.servedBy(2))).isTrue();
    assertThat(Schedules.acknowledges(cluster, 1_000)).isTrue();
    cluster.isolate(1);
    cluster.start(1);
    cluster.run(3_000);
    assertThat(cluster.server(1).acts()).isFalse();
    cluster.heal();
    assertThat(cluster.runUntil(10_000, SimulatedCluster::complete)).isTrue();
  }
}
