package chat.client.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import chat.client.ChatMessage;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class DeliveryLedgerTest {
  private long nowMillis;
  private long lastId;
  private final DeliveryLedger ledger =
      new DeliveryLedger(() -> TimeUnit.MILLISECONDS.toNanos(nowMillis));

  private void send(String text) {
    ledger.sent("alice", "bob", text);
  }

  private void acknowledge(String text) {
    ledger.acknowledged("alice", "bob", text, ++lastId);
  }

  private void receive(String text) {
    ledger.received(new ChatMessage(++lastId, "alice", "bob", text, Instant.EPOCH));
  }

  @Test
  void keptPromisesMakeACleanReport() {
    for (String text : new String[] {"one", "two"}) {
      send(text);
      acknowledge(text);
      receive(text);
    }
    DeliveryLedger.Report report = ledger.report();
    assertThat(report.isClean()).isTrue();
    assertThat(report.sent()).isEqualTo(2);
    assertThat(report.acknowledged()).isEqualTo(2);
    assertThat(report.received()).isEqualTo(2);
    assertThat(report.problems()).isEmpty();
  }

  @Test
  void anAcknowledgedMessageThatDidNotComeIsLost() {
    send("one");
    acknowledge("one");
    assertThat(ledger.isAllReceived()).isFalse();
    assertThat(ledger.report().lost()).isEqualTo(1);
    assertThat(ledger.report().isClean()).isFalse();
  }

  @Test
  void aMessageWithoutAnAnswerMayComeOrNotButIsNotClean() {
    send("one");
    assertThat(ledger.report().lost()).isZero();
    assertThat(ledger.isAllReceived()).isTrue();
    assertThat(ledger.report().isClean()).isFalse();
  }

  @Test
  void aMessageThatComesTwiceIsDoubled() {
    send("one");
    acknowledge("one");
    receive("one");
    receive("one");
    assertThat(ledger.report().doubled()).isEqualTo(1);
    assertThat(ledger.report().outOfOrder()).isZero();
  }

  @Test
  void aMessageThatComesAfterALaterOneIsOutOfOrder() {
    send("one");
    send("two");
    acknowledge("one");
    acknowledge("two");
    receive("two");
    receive("one");
    assertThat(ledger.report().outOfOrder()).isEqualTo(1);
    assertThat(ledger.report().doubled()).isZero();
  }

  @Test
  void messagesOfSeveralSendersHaveNoOrderAmongThemselves() {
    send("one");
    ledger.sent("carol", "bob", "one");
    ledger.acknowledged("carol", "bob", "one", 7);
    acknowledge("one");
    ledger.received(new ChatMessage(7, "carol", "bob", "one", Instant.EPOCH));
    receive("one");
    assertThat(ledger.report().isClean()).isTrue();
  }

  @Test
  void aMessageThatNobodySentIsStrange() {
    receive("one");
    assertThat(ledger.report().strange()).isEqualTo(1);
    assertThat(ledger.report().isClean()).isFalse();
  }

  @Test
  void theSameTextTwiceWouldProveNothing() {
    send("one");
    assertThatIllegalArgumentException().isThrownBy(() -> send("one"));
  }

  @Test
  void aPauseLastsWhileSomebodyWaits() {
    send("one");
    nowMillis = 100;
    send("two");
    acknowledge("one");
    nowMillis = 350;
    acknowledge("two");
    // Nobody waits: this is no pause.
    nowMillis = 10_000;
    send("three");
    nowMillis = 10_010;
    acknowledge("three");
    assertThat(ledger.report().longestPause()).isEqualTo(Duration.ofMillis(250));
    ledger.forgetPauses();
    assertThat(ledger.report().longestPause()).isEqualTo(Duration.ZERO);
  }

  @Test
  void aSenderMayHaveAPauseWhileAnotherIsServed() {
    send("one");
    for (nowMillis = 100; nowMillis <= 500; nowMillis += 100) {
      ledger.sent("carol", "bob", "at " + nowMillis);
      ledger.acknowledged("carol", "bob", "at " + nowMillis, nowMillis);
    }
    acknowledge("one");
    assertThat(ledger.report().longestPause()).isEqualTo(Duration.ofMillis(600));
    assertThat(ledger.report().longestSilence()).isEqualTo(Duration.ofMillis(100));
  }
}
