package chat.server.replication;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** R11 and R17: what clients notice of view changes that leave the primary in its role: nothing. */
class StayingPrimaryTest {
  private final SimulatedCluster cluster = new SimulatedCluster(7, 3, new ViewRules(), 0);
  private boolean everPaused;

  private static boolean serves(SimulatedCluster c) {
    Status status = c.server(3).status;
    return status != null && status.serving();
  }

  /** Runs until the primary's view has so many members; fails once it stops serving. */
  private void staysUntil(int members) {
    boolean reached =
        cluster.runUntil(
            10_000,
            c -> {
              assertThat(serves(c)).as("serving").isTrue();
              Status status = c.server(3).status;
              everPaused |= status != null && status.paused();
              return c.servedBy(3) && c.server(3).disk.hard.view().size() == members;
            });
    assertThat(reached).isTrue();
  }

  @Test
  void aPrimaryServesWhileBackupsDieAndReturn() {
    cluster.startAll();
    assertThat(cluster.runUntil(5_000, c -> c.servedBy(3) && serves(c))).isTrue();
    cluster.run(500);
    cluster.crash(1);
    staysUntil(2);
    cluster.start(1);
    staysUntil(3);
    cluster.crash(1);
    staysUntil(2);
    cluster.crash(2);
    staysUntil(1);
    cluster.start(1, 2);
    staysUntil(3);
    assertThat(everPaused).as("it takes no writes while the members install").isTrue();
  }

  @Test
  void whoHasCrashedIsNeverShownAsThereAgainBeforeItIs() {
    cluster.startAll();
    assertThat(cluster.runUntil(5_000, c -> c.servedBy(3) && serves(c))).isTrue();
    cluster.run(500);
    cluster.crash(1);
    assertThat(cluster.runUntil(1_000, c -> !shownAsThere(1))).isTrue();
    assertThat(cluster.runUntil(3_000, c -> shownAsThere(1))).isFalse();
    assertThat(cluster.server(3).disk.hard.view().size()).isEqualTo(2);
    cluster.start(1);
    assertThat(cluster.runUntil(3_000, c -> shownAsThere(1))).isTrue();
  }

  private boolean shownAsThere(int id) {
    Status status = cluster.server(3).status;
    Status.Server seen = status == null ? null : status.servers().get(new ServerId(id));
    return seen != null && seen.reachable();
  }

  @Test
  void aPrimaryWhoseMembersDoNotInstallServesNoLonger() {
    cluster.startAll();
    assertThat(cluster.runUntil(5_000, c -> c.servedBy(3) && serves(c))).isTrue();
    cluster.run(500);
    cluster.crash(1);
    staysUntil(2);
    // The new member never tells that it has installed, and nobody tells anything about it.
    cluster.passes =
        e ->
            !(e.from().equals(new ServerId(1))
                && (e.message() instanceof Message.Heartbeat
                    || e.message() instanceof Message.HeartbeatAnswer
                    || e.message() instanceof Message.Installed)
                && cluster.server(3).disk.hard.view().has(new ServerId(1)));
    cluster.start(1);
    assertThat(cluster.runUntil(10_000, c -> !serves(c))).isTrue();
    cluster.passes = e -> true;
    assertThat(cluster.runUntil(20_000, c -> c.complete())).isTrue();
  }
}
