package chat.server.replication;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Objects;
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
    return Objects.requireNonNull(cluster.server(id).replica).isActing();
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
}
