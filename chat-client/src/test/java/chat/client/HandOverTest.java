package chat.client;

import static org.assertj.core.api.Assertions.assertThat;

import chat.client.demo.LocalCluster;
import chat.client.demo.Traffic;
import chat.client.verify.DeliveryLedger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Servers stopped in order (SIGTERM) and started again, one after the other, under traffic: what an
 * upgrade does. The primary hands over first (R17). {@code -Dchat.handover.rounds} is how often.
 */
class HandOverTest {
  private static final int ROUNDS = Integer.getInteger("chat.handover.rounds", 3);
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  /**
   * Of the median, on a machine that may be busy with other things. 300 ms are aimed at, and 140 to
   * 240 ms seen where it is not; what each round took is printed.
   */
  private static final Duration PAUSE_MAX = Duration.ofSeconds(1);

  @Test
  @Timeout(value = 600, unit = TimeUnit.SECONDS)
  void aPrimaryThatIsStoppedInOrderIsHardlyMissed() throws Exception {
    DeliveryLedger ledger = new DeliveryLedger();
    List<Long> pauses = new ArrayList<>();
    boolean handedOver = false;
    try (StallMeter stalls = new StallMeter();
        LocalCluster cluster =
            LocalCluster.create(3, "--password-memory-kib", "64", "--password-iterations", "1")
                .startAll()) {
      cluster.awaitComplete(PATIENCE);
      List<String> names = IntStream.range(0, 6).mapToObj(i -> "person" + i).toList();
      try (Traffic traffic = new Traffic(cluster.addresses(), names, 8, ledger, message -> {})) {
        // Below what the machine can do: at its limit every pause is the machine's.
        traffic.pace(Duration.ofMillis(10));
        traffic.write(Integer.MAX_VALUE);
        traffic.awaitAcknowledged(1_000, PATIENCE);
        for (int round = 0; round < ROUNDS; round++) {
          ledger.forgetPauses();
          stalls.forget();
          int primary = cluster.primaryId();
          cluster.stop(primary);
          Path said = cluster.directory().resolve("server-" + primary + ".log");
          handedOver |= Files.readString(said).contains("is primary from now on");
          assertThat(cluster.lastExitCode(primary)).isZero();
          cluster.awaitMembers(2, PATIENCE);
          traffic.awaitAcknowledged(ledger.acknowledgedCount() + 200, PATIENCE);
          pauses.add(ledger.report().longestPause().toMillis());
          System.out.println(
              "HandOverTest: server "
                  + primary
                  + " stopped: longest pause "
                  + ledger.report().longestWait().toMillis()
                  + " ms (of the whole service "
                  + ledger.report().longestPause().toMillis()
                  + " ms), longest stall of this machine "
                  + stalls.longest().toMillis()
                  + " ms");
          ledger.forgetPauses();
          cluster.start(primary);
          cluster.awaitComplete(PATIENCE);
          traffic.awaitAcknowledged(ledger.acknowledgedCount() + 200, PATIENCE);
          System.out.println(
              "HandOverTest: server "
                  + primary
                  + " back: longest pause of the whole service "
                  + ledger.report().longestPause().toMillis()
                  + " ms");
        }
        traffic.finish(PATIENCE);
        DeliveryLedger.Report report = ledger.report();
        System.out.println("HandOverTest: " + report.inWords());
        assertThat(report.isClean()).as(report.inWords()).isTrue();
      }
    }
    // Or they only died, and others took over.
    assertThat(handedOver).as("a primary said who is primary after it").isTrue();
    pauses.sort(null);
    assertThat(pauses.get(pauses.size() / 2)).isLessThan(PAUSE_MAX.toMillis());
  }
}
