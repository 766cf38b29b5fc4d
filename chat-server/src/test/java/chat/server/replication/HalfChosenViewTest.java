package chat.server.replication;

import static chat.server.replication.Schedules.acceptedIn;
import static chat.server.replication.Schedules.acknowledges;
import static chat.server.replication.Schedules.born;
import static chat.server.replication.Schedules.id;
import static chat.server.replication.Schedules.installed;
import static chat.server.replication.Schedules.isEcho;
import static chat.server.replication.Schedules.isHeartbeat;
import static chat.server.replication.Schedules.propose;
import static chat.server.replication.Schedules.view;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * Views that were chosen in a second round, by some of those who had promised in the first: members
 * of such a view need not have accepted it, and whoever has installed it may start anew or be gone.
 * A connected majority of it serves all the same.
 */
class HalfChosenViewTest {
  private static final int WAIT = 20_000;

  @Test
  void aMajorityThatHasNotAcceptedItLearnsItFromARestartedMember() {
    SimulatedCluster cluster = born(new Schedules.AllAcceptAtOnce(), 5);
    for (int i = 1; i <= 3; i++) {
      cluster.crash(i);
    }
    assertThat(cluster.runUntil(5_000, c -> installed(c, 5).size() == 2 && c.primary() != null))
        .isTrue();
    propose(cluster, 5, 2);
    Epoch base = view(cluster, 5);
    // All three come in with one round.
    cluster.held = e -> e.from().value() <= 3 && e.to().value() == 4;
    cluster.start(1, 2, 3);
    cluster.run(2_000);
    cluster.release();
    assertThat(cluster.run(5_000, c -> promisedIn(base, c, 1, 4))).isTrue();
    for (int i = 1; i <= 3; i++) {
      cluster.cut(5, i, true);
    }
    assertThat(cluster.run(300, c -> acceptedIn(base, c, 4))).isTrue();
    cluster.part(Set.of(1, 2, 3), Set.of(4, 5));
    assertThat(cluster.run(3_000, c -> view(c, 5).isAfter(base))).isTrue();
    cluster.run(20);
    cluster.crash(5);
    cluster.crash(4);
    cluster.heal();
    cluster.start(4);
    assertThat(acknowledges(cluster, WAIT)).as("without 5").isTrue();
    cluster.start(5);
    assertThat(cluster.runUntil(WAIT, SimulatedCluster::complete)).isTrue();
  }

  @Test
  void whoHasNotInstalledItDoesNotPromiseInIt() {
    Half half = new Half();
    SimulatedCluster cluster = half.cluster;
    for (int i : half.others) {
      cluster.cut(half.installer, i, true);
    }
    cluster.crash(half.installer);
    cluster.run(50);
    half.joinInstallerWithOneAndTwo();
    half.hideInstallation();
    cluster.start(half.installer);
    cluster.run(10_000);
    half.isSurvivedByTheOthers();
  }

  @Test
  void whoHasNotInstalledItDoesNotAcceptInIt() {
    Half half = new Half();
    SimulatedCluster cluster = half.cluster;
    Epoch base = view(cluster, half.installer);
    cluster.crash(half.installer);
    cluster.run(50);
    half.joinInstallerWithOneAndTwo();
    half.hideInstallation();
    cluster.start(half.installer);
    cluster.run(10_000, c -> promisedIn(base, c, 1, 5));
    for (int i : half.others) {
      cluster.cut(half.installer, i, true);
    }
    cluster.run(2_000, c -> acceptedIn(base, c, 1) && acceptedIn(base, c, 2));
    half.isSurvivedByTheOthers();
  }

  @Test
  void aStalePrimaryMakesNoChangeBelowWhatItHasPromised() {
    SimulatedCluster cluster = born(new ViewRules(), 5);
    cluster.crash(1);
    assertThat(cluster.runUntil(5_000, c -> installed(c, 5).size() == 4 && c.primary() != null))
        .isTrue();
    propose(cluster, 5, 2);
    Epoch base = view(cluster, 5);
    cluster.start(1);
    assertThat(cluster.run(5_000, c -> promisedIn(base, c, 1, 4))).isTrue();
    cluster.cut(5, 1, true);
    assertThat(
            cluster.run(
                2_000,
                c -> acceptedIn(base, c, 2) && acceptedIn(base, c, 3) && acceptedIn(base, c, 4)))
        .isTrue();
    cluster.isolate(5);
    assertThat(cluster.run(8_000, c -> view(c, 4).isAfter(base))).isTrue();
    cluster.run(100);
    for (int i = 1; i <= 4; i++) {
      cluster.crash(i);
    }
    cluster.heal();
    cluster.start(1, 2, 3, 4);
    cluster.run(1_000);
    SimulatedServer stale = cluster.server(5);
    stale.input(replica -> replica.change(2, new Change.HandOver(id(4)), stale.clock()));
    cluster.run(500);
    assertThat(cluster.runUntil(WAIT, SimulatedCluster::complete)).isTrue();
  }

  /** An install that arrives when the view is over makes a primary of it that never acts. */
  @Test
  void aLateInstallMakesNoPrimaryOfAViewThatIsOver() {
    SimulatedCluster cluster = born(new ViewRules());
    propose(cluster, 3, 2);
    Epoch first = view(cluster, 3);
    List<Envelope> installs = new ArrayList<>();
    List<Envelope> beats = new ArrayList<>();
    cluster.passes =
        e -> {
          if (e.to().value() != 2) {
            return true;
          }
          boolean install = e.message() instanceof Message.InstallRequest;
          boolean later = Schedules.tellsOfAViewAfter(first, e);
          if (install) {
            installs.add(e);
          } else if (later && isHeartbeat(e)) {
            beats.add(e);
          }
          return !install && !later;
        };
    SimulatedServer old = cluster.server(3);
    old.input(replica -> replica.change(1, new Change.HandOver(id(2)), old.clock()));
    assertThat(cluster.run(2_000, c -> view(c, 3).isAfter(first) && view(c, 1).equals(view(c, 3))))
        .isTrue();
    Epoch second = view(cluster, 3);
    cluster.run(2);
    cluster.isolate(2);
    assertThat(cluster.runUntil(8_000, c -> view(c, 3).isAfter(second) && c.primary() != null))
        .isTrue();
    propose(cluster, 3, 3);
    boolean[] asked = new boolean[1];
    cluster.passes =
        e -> {
          asked[0] |= e.from().value() == 2 && e.message() instanceof Message.FetchRequest;
          return true;
        };
    cluster.heal();
    assertThat(cluster.run(3_000, c -> asked[0])).isTrue();
    cluster.passes =
        e ->
            !(e.to().value() == 2
                && (isEcho(e) || isHeartbeat(e) || e.message() instanceof Message.PromiseRequest));
    SimulatedServer late = cluster.server(2);
    late.input(replica -> replica.receive(installs.get(0), late.clock()));
    cluster.run(30, c -> c.server(2).disk.length() > 2);
    for (int from : new int[] {1, 3}) {
      Envelope beat =
          beats.stream().filter(e -> e.from().value() == from).findFirst().orElseThrow();
      late.input(replica -> replica.receive(beat, late.clock()));
    }
    cluster.passes = e -> true;
    assertThat(cluster.runUntil(WAIT, SimulatedCluster::complete)).isTrue();
  }

  private static boolean promisedIn(Epoch base, SimulatedCluster cluster, int from, int to) {
    return IntStream.rangeClosed(from, to)
        .allMatch(i -> cluster.server(i).disk.hard.promisedBase().equals(base));
  }

  /** A view of all five, chosen by 3, 4 and 5, one of which has installed it; 1 and 2 promised. */
  private static final class Half {
    final SimulatedCluster cluster = born(new ViewRules(), 5);
    final int installer;
    final int[] others;
    private final Epoch base;

    Half() {
      propose(cluster, 5, 2);
      base = view(cluster, 5);
      SimulatedServer primary = cluster.server(5);
      primary.input(replica -> replica.change(1, new Change.HandOver(id(4)), primary.clock()));
      assertThat(cluster.run(2_000, c -> promisedIn(base, c, 1, 4))).isTrue();
      cluster.cut(5, 1, true);
      cluster.cut(5, 2, true);
      boolean accepted =
          cluster.run(
              500, c -> acceptedIn(base, c, 3) && acceptedIn(base, c, 4) && acceptedIn(base, c, 5));
      assertThat(accepted).isTrue();
      cluster.part(Set.of(1, 2), Set.of(3, 4, 5));
      assertThat(
              cluster.run(
                  15_000, c -> IntStream.of(3, 4, 5).anyMatch(i -> view(c, i).isAfter(base))))
          .isTrue();
      installer =
          IntStream.of(5, 4, 3)
              .filter(i -> view(cluster, i).isAfter(base))
              .findFirst()
              .orElseThrow();
      others = IntStream.of(3, 4, 5).filter(i -> i != installer).toArray();
    }

    /** What the installer asks for arrives, and not what says that it has installed the view. */
    void hideInstallation() {
      cluster.passes =
          e ->
              e.from().value() != installer
                  || !(e.message() instanceof Message.InstallRequest
                      || Schedules.tellsOfAViewAfter(base, e));
    }

    void isSurvivedByTheOthers() {
      cluster.passes = e -> true;
      cluster.crash(installer);
      cluster.run(50);
      cluster.heal();
      assertThat(acknowledges(cluster, WAIT)).as("four of five").isTrue();
      cluster.start(installer);
      assertThat(cluster.runUntil(WAIT, SimulatedCluster::complete)).isTrue();
    }

    void joinInstallerWithOneAndTwo() {
      for (int i = 1; i <= 2; i++) {
        cluster.cut(installer, i, false);
        cluster.cut(i, installer, false);
      }
    }
  }
}
