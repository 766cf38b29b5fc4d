package chat.client;

import static org.assertj.core.api.Assertions.assertThat;

import chat.client.demo.LocalCluster;
import chat.client.demo.Traffic;
import chat.client.verify.DeliveryLedger;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Real servers, killed with -9 under traffic. {@code -Dchat.crash.messages} is how many messages go
 * before the first count, {@code -Dchat.crash.rounds} how often the whole story is told.
 */
class ProcessCrashTest {
  private static final int MESSAGES = Integer.getInteger("chat.crash.messages", 10_000);
  private static final int ROUNDS = Integer.getInteger("chat.crash.rounds", 1);
  private static final int IN_FLIGHT = 16;
  private static final List<String> NAMES =
      IntStream.range(0, 10).mapToObj(i -> "person" + i).toList();
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private static final Duration PAUSE_MAX = Duration.ofSeconds(5);

  /** A machine that lets a sleeper oversleep so long says nothing about anybody's pauses. */
  private static final Duration STALL_MAX = Duration.ofMillis(250);

  private final StallMeter stalls = new StallMeter();
  private final DeliveryLedger ledger = new DeliveryLedger();
  private LocalCluster cluster;
  private Traffic traffic;
  private boolean passed;

  @BeforeEach
  void startThreeServersAndTenPeople() throws Exception {
    // A cheap password hash: not what is tested here.
    cluster =
        LocalCluster.create(3, "--password-memory-kib", "64", "--password-iterations", "1")
            .startAll();
    cluster.awaitComplete(PATIENCE);
    traffic = new Traffic(cluster.addresses(), NAMES, IN_FLIGHT, ledger, message -> {});
  }

  @AfterEach
  void stop() throws Exception {
    if (!passed) {
      cluster.keep();
    }
    // Clients last: a client that hangs must not keep the servers alive.
    cluster.close();
    stalls.close();
    if (traffic != null) {
      traffic.close();
    }
  }

  @Test
  @Timeout(value = 600L * 10, unit = TimeUnit.SECONDS)
  void whatIsAcknowledgedSurvivesEveryCrash() throws Exception {
    for (int round = 1; round <= ROUNDS; round++) {
      oneServerAfterTheOtherIsKilled();
      bothComeBackUnderTrafficAndThenAllAreKilledAtOnce();
    }
    passed = true;
  }

  private void oneServerAfterTheOtherIsKilled() throws Exception {
    long before = ledger.acknowledgedCount();
    forgetPauses();
    traffic.write(MESSAGES / NAMES.size());
    for (int kill = 1; kill <= 2; kill++) {
      traffic.awaitAcknowledged(before + MESSAGES * kill / 3, PATIENCE);
      cluster.killHard(cluster.primaryId());
      assertThat(cluster.awaitMembers(3 - kill, PATIENCE).viewMemberIds()).hasSize(3 - kill);
    }
    assertThat(ledger.acknowledgedCount())
        .as("the servers must die in mid-traffic")
        .isLessThan(before + MESSAGES);
    traffic.awaitDone(PATIENCE);
    check("two servers killed one after the other");
    checkPauses("two servers killed one after the other");
  }

  private void bothComeBackUnderTrafficAndThenAllAreKilledAtOnce() throws Exception {
    int some = MESSAGES / 10;
    forgetPauses();
    traffic.write(Integer.MAX_VALUE);
    int[] dead =
        cluster.ids().stream()
            .filter(id -> !cluster.aliveIds().contains(id))
            .mapToInt(Integer::intValue)
            .toArray();
    cluster.start(dead);
    cluster.awaitComplete(PATIENCE);
    traffic.awaitAcknowledged(ledger.acknowledgedCount() + some, PATIENCE);
    checkPauses("both back under traffic");

    forgetPauses();
    cluster.killHard(1, 2, 3);
    cluster.startAll();
    cluster.awaitComplete(PATIENCE);
    traffic.awaitAcknowledged(ledger.acknowledgedCount() + some, PATIENCE);
    traffic.finish(PATIENCE);
    check("all three killed at once and started again");
  }

  private void forgetPauses() {
    ledger.forgetPauses();
    stalls.forget();
  }

  private void checkPauses(String after) {
    Duration pause = ledger.report().longestWait();
    Duration stall = stalls.longest();
    System.out.println(
        "ProcessCrashTest: "
            + after
            + ": longest pause "
            + pause.toMillis()
            + " ms (of the whole service "
            + ledger.report().longestPause().toMillis()
            + " ms), longest stall of this machine "
            + stall.toMillis()
            + " ms");
    if (stall.compareTo(STALL_MAX) <= 0) {
      assertThat(pause).isLessThan(PAUSE_MAX);
    }
  }

  private void check(String after) {
    DeliveryLedger.Report report = ledger.report();
    System.out.println("ProcessCrashTest: " + after + ": " + report.inWords());
    assertThat(report.lost()).isEmpty();
    assertThat(report.isClean()).as(report.inWords()).isTrue();
    assertThat(report.acknowledged()).as("answered").isEqualTo(report.sent());
    assertThat(report.received()).as("received").isEqualTo(report.sent());
    assertThat(traffic.undeliveredCount()).as("undelivered").isZero();
    assertThat(traffic.storedCount()).as("stored").isEqualTo(report.sent());
    // Counting took time in which nobody wrote: that is no pause.
    ledger.rest();
  }
}
