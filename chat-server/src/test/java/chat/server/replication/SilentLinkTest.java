package chat.server.replication;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/**
 * Two members that do not hear each other while everybody else hears both: one of them is left out,
 * for as long as that lasts, and who serves goes on serving.
 */
class SilentLinkTest {
  private static final long STEP_MILLIS = 10;

  private final SimulatedCluster cluster = new SimulatedCluster(7, 3, new ViewRules(), 0);
  private long longestPauseMillis;

  private void begin() {
    cluster.tracing = true;
    cluster.startAll();
    assertThat(cluster.runUntil(2_000, c -> c.servedBy(3))).isTrue();
    cluster.run(500);
  }

  private void cutBothWays(int one, int other, boolean cut) {
    cluster.cut(one, other, cut);
    cluster.cut(other, one, cut);
  }

  /** Proposes all the time, and measures how long nothing is acknowledged. */
  private void writeFor(long millis) {
    long pause = 0;
    for (long t = 0; t < millis; t += STEP_MILLIS) {
      int before = cluster.checker().acknowledgedCount();
      cluster.propose(cluster.server(3));
      cluster.run(STEP_MILLIS);
      pause = cluster.checker().acknowledgedCount() > before ? 0 : pause + STEP_MILLIS;
      longestPauseMillis = Math.max(longestPauseMillis, pause);
    }
  }

  @Test
  void backupsThatDoNotHearEachOtherHardlyInterruptTheService() {
    begin();
    cutBothWays(1, 2, true);
    writeFor(30_000);
    assertThat(longestPauseMillis).isLessThan(500);
    assertThat(cluster.server(3).disk.hard.view().ballot().counter()).isLessThan(5);
    assertThat(cluster.servedBy(3)).isTrue();
    assertThat(cluster.server(3).disk.hard.view().members()).hasSize(2);
  }

  @Test
  void theOneLeftOutIsTakenInAgainOnceTheyHearEachOther() {
    begin();
    cutBothWays(1, 2, true);
    writeFor(5_000);
    cutBothWays(1, 2, false);
    assertThat(cluster.runUntil(3_000, SimulatedCluster::complete)).isTrue();
  }
}
