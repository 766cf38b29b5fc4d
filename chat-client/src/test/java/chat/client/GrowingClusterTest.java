package chat.client;

import static org.assertj.core.api.Assertions.assertThat;

import chat.client.Operator.Said;
import chat.client.demo.LocalCluster;
import chat.client.demo.Traffic;
import chat.client.verify.DeliveryLedger;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Servers are added to a running cluster and taken out of it, by the real command line and under
 * traffic: one server becomes three, then five, and three of five are left.
 */
class GrowingClusterTest {
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  /**
   * Beside the machine's own stalls; 300 ms are aimed at, and printed for the reader to compare.
   */
  private static final Duration PAUSE_MAX = Duration.ofSeconds(1);

  private final DeliveryLedger ledger = new DeliveryLedger();

  @Test
  @Timeout(value = 600, unit = TimeUnit.SECONDS)
  void oneServerBecomesFiveAndThreeOfThemAreLeft() throws Exception {
    try (StallMeter stalls = new StallMeter();
        LocalCluster cluster =
            LocalCluster.createToGrow(
                1, 5, "--password-memory-kib", "64", "--password-iterations", "1")) {
      cluster.start(1);
      cluster.awaitMembers(1, PATIENCE);
      List<String> names = IntStream.range(0, 4).mapToObj(i -> "person" + i).toList();
      try (Traffic traffic = new Traffic(cluster.addresses(), names, 8, ledger, message -> {})) {
        // Five servers share this machine: enough to see a pause, not so much as to make one.
        traffic.pace(Duration.ofMillis(20));
        traffic.write(Integer.MAX_VALUE);
        traffic.awaitAcknowledged(200, PATIENCE);
        for (int added = 2; added <= 5; added++) {
          begin(stalls);
          cluster.start(added);
          add(cluster, added);
          cluster.awaitMembers(added, PATIENCE);
          end(traffic, stalls, "server " + added + " added");
        }
        begin(stalls);
        said(cluster, "hand-over", "5", "--yes");
        end(traffic, stalls, "handed over to server 5");
        for (int removed = 1; removed <= 2; removed++) {
          begin(stalls);
          said(cluster, "remove-server", Integer.toString(removed), "--yes");
          int gone = removed;
          Awaitility.await().atMost(PATIENCE).until(() -> !cluster.aliveIds().contains(gone));
          end(traffic, stalls, "server " + removed + " removed");
        }
        assertThat(cluster.aliveIds()).containsExactly(3, 4, 5);
        cluster.killHard(5, 3);
        traffic.awaitAcknowledged(ledger.acknowledgedCount() + 200, PATIENCE);
        traffic.finish(PATIENCE);
        DeliveryLedger.Report report = ledger.report();
        System.out.println("GrowingClusterTest: " + report.inWords());
        assertThat(report.isClean()).as(report.inWords()).isTrue();
      }
    }
  }

  private void begin(StallMeter stalls) {
    ledger.forgetPauses();
    stalls.forget();
  }

  private void end(Traffic traffic, StallMeter stalls, String what) throws InterruptedException {
    traffic.awaitAcknowledged(ledger.acknowledgedCount() + 50, PATIENCE);
    Duration pause = ledger.report().longestPause();
    Duration stall = stalls.longest();
    System.out.println(
        "GrowingClusterTest: "
            + what
            + ": longest pause of the whole service "
            + pause.toMillis()
            + " ms, longest stall of this machine "
            + stall.toMillis()
            + " ms");
    assertThat(pause).as(what).isLessThan(PAUSE_MAX.plus(stall.multipliedBy(4)));
  }

  /** A server can be added once it has been heard of. */
  private static void add(LocalCluster cluster, int id) {
    Awaitility.await()
        .atMost(PATIENCE)
        .untilAsserted(() -> said(cluster, "add-server", Integer.toString(id), "--yes"));
  }

  private static void said(LocalCluster cluster, String... command) throws Exception {
    Said said = Operator.run(cluster, command);
    assertThat(said.exitCode()).as(said.text()).isZero();
  }
}
