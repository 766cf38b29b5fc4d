package chat.server.replication;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** One link is cut while a view changes: whoever is to be primary must hear all the others. */
class CutLinkViewChangeTest {
  /** Proposes at everybody who takes it; the longest time without an acknowledgement. */
  private static long longestPauseMillis(SimulatedCluster cluster, long millis) {
    long longest = 0;
    long last = cluster.now();
    int before = cluster.checker().acknowledgedCount();
    for (long i = 0; i < millis; i += 5) {
      cluster.servers().forEach(cluster::propose);
      cluster.run(5);
      if (cluster.checker().acknowledgedCount() > before) {
        before = cluster.checker().acknowledgedCount();
        last = cluster.now();
      }
      longest = Math.max(longest, cluster.now() - last);
    }
    return longest / SimulatedCluster.MILLI;
  }

  private static void cutBothWays(SimulatedCluster cluster, int one, int other) {
    cluster.cut(one, other, true);
    cluster.cut(other, one, true);
  }

  private static void isBelow(long boundMillis, long upTo, long step, LongPause pauseAfter) {
    List<String> longer = new ArrayList<>();
    for (long d = 0; d <= upTo; d += step) {
      long pause = pauseAfter.millis(d);
      if (pause >= boundMillis) {
        longer.add(d + " ms: " + pause);
      }
    }
    assertThat(longer).isEmpty();
  }

  private interface LongPause {
    long millis(long d);
  }

  @Test
  void aPrimaryOfFiveDiesWhileItsSuccessorDoesNotHearOneOfTheOthers() {
    for (int other = 1; other <= 3; other++) {
      int deaf = other;
      isBelow(
          4_000,
          1_600,
          100,
          d -> {
            SimulatedCluster cluster = Schedules.born(new ViewRules(), 5, 11 + d);
            cutBothWays(cluster, deaf, 4);
            cluster.after(d, () -> cluster.crash(5));
            return longestPauseMillis(cluster, 10_000);
          });
    }
  }

  @Test
  void theLinkOfAServerThatComesBackIsCutAgainWhileItIsTakenIn() {
    isBelow(
        4_000,
        200,
        5,
        d -> {
          SimulatedCluster cluster = Schedules.born(new ViewRules(), 3, 11 + d);
          cluster.crash(1);
          longestPauseMillis(cluster, 1_500);
          cluster.start(1);
          cluster.after(d, () -> cutBothWays(cluster, 1, 3));
          return longestPauseMillis(cluster, 10_000);
        });
  }

  /** What whoever has promised to a candidate that dies waits for. */
  @Test
  void aCandidateThatDiesInItsRoundIsWaitedForOnlyUntilThatIsProven() {
    isBelow(
        600,
        12,
        1,
        d -> {
          SimulatedCluster cluster = Schedules.born(new ViewRules(), 3, 11 + d);
          SimulatedServer old = cluster.server(3);
          old.input(r -> r.change(1, new Change.HandOver(new ServerId(1)), old.clock()));
          cluster.after(d, () -> cluster.crash(3));
          return longestPauseMillis(cluster, 2_500);
        });
  }
}
