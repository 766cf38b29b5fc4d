package chat.client.verify;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class DeliveryLedgerTest {
  private long nowNanos;
  private final DeliveryLedger ledger = new DeliveryLedger(() -> nowNanos);

  private void after(long millis) {
    nowNanos += Duration.ofMillis(millis).toNanos();
  }

  private void deliver(int number) {
    ledger.sent("alice", "bob", number);
    after(1);
    ledger.acknowledged("alice", "bob", number);
    ledger.received("alice", "bob", number);
  }

  @Test
  void everythingThatArrivesOnceInOrderIsClean() {
    deliver(0);
    deliver(1);
    assertThat(ledger.isComplete()).isTrue();
    assertThat(ledger.report().isClean()).isTrue();
    assertThat(ledger.report().inWords())
        .isEqualTo(
            "sent 2, acknowledged 2, received 2, lost 0, doubled 0, out of order 0,"
                + " longest pause 1 ms");
  }

  @Test
  void whatWasAcknowledgedAndDoesNotArriveIsLost() {
    deliver(0);
    ledger.sent("alice", "bob", 1);
    ledger.acknowledged("alice", "bob", 1);
    assertThat(ledger.isComplete()).isFalse();
    assertThat(ledger.report().lost()).containsExactly("alice to bob #1");
  }

  @Test
  void whatWasNeverAcknowledgedMayArriveOrNot() {
    ledger.sent("alice", "bob", 0);
    ledger.sent("alice", "bob", 1);
    ledger.received("alice", "bob", 1);
    assertThat(ledger.isComplete()).isTrue();
    assertThat(ledger.report().isClean()).isTrue();
  }

  @Test
  void repeatsAndDisorderAreCounted() {
    for (int number = 0; number < 3; number++) {
      ledger.sent("alice", "bob", number);
    }
    ledger.received("alice", "bob", 1);
    ledger.received("alice", "bob", 0);
    ledger.received("alice", "bob", 1);
    ledger.received("alice", "carol", 0);
    DeliveryLedger.Report report = ledger.report();
    assertThat(report.outOfOrder()).isEqualTo(1);
    assertThat(report.doubled()).isEqualTo(1);
    assertThat(report.unasked()).isEqualTo(1);
    assertThat(report.isClean()).isFalse();
  }

  @Test
  void longestPauseIsBetweenAnswersWhileThereIsTraffic() {
    deliver(0);
    after(700);
    deliver(1);
    ledger.rest();
    after(60_000);
    deliver(2);
    assertThat(ledger.report().longestPause()).isEqualTo(Duration.ofMillis(701));
  }

  @Test
  void oneSenderMayWaitWhileAnotherIsAnswered() {
    ledger.sent("alice", "bob", 0);
    for (int number = 0; number < 5; number++) {
      after(100);
      ledger.sent("carol", "bob", number);
      ledger.acknowledged("carol", "bob", number);
    }
    ledger.acknowledged("alice", "bob", 0);
    assertThat(ledger.report().longestPause()).isEqualTo(Duration.ofMillis(100));
    assertThat(ledger.report().longestWait()).isEqualTo(Duration.ofMillis(500));
    assertThat(ledger.acknowledgedCount()).isEqualTo(6);
    ledger.forgetPauses();
    assertThat(ledger.report().longestWait()).isZero();
    assertThat(ledger.report().acknowledged()).isEqualTo(6);
  }
}
