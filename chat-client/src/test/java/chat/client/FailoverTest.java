package chat.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import chat.common.ErrorReason;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class FailoverTest {
  private FakeCluster cluster;
  private ChatClient client;

  @BeforeEach
  void startThreeServers() {
    cluster = new FakeCluster(3);
    cluster.promote(3);
    client = cluster.clientBuilder().attemptTimeout(Duration.ofMillis(400)).build();
    client.createAccount("alice", "alice's secret");
    client.createAccount("bob", "bob's secret");
  }

  @AfterEach
  void stop() {
    client.close();
    cluster.close();
  }

  private ChatSession alice() {
    return client.login("alice", "alice's secret").session();
  }

  private static List<String> numbered(int count) {
    return IntStream.range(0, count).mapToObj(i -> "message " + i).toList();
  }

  /** Kills the primary once the inbox has so many messages, and promotes another. */
  private CompletableFuture<Void> killAt(int count, int next) {
    return CompletableFuture.runAsync(
        () -> {
          await().atMost(Duration.ofSeconds(10)).until(() -> received() >= count);
          cluster.primary().kill();
          cluster.promote(next);
        });
  }

  private int received() {
    return cluster.chat.inboxTexts("bob").size();
  }

  @Test
  void messagesSentOneAfterTheOtherSurviveTwoDeathsOfThePrimary() {
    ChatSession alice = alice();
    CompletableFuture<Void> killer = killAt(100, 2).thenCompose(done -> killAt(200, 1));
    for (String text : numbered(300)) {
      assertThat(alice.send("bob", text).messageId()).isPositive();
    }
    killer.join();
    assertThat(cluster.chat.inboxTexts("bob")).isEqualTo(numbered(300));
  }

  @Test
  void pipelinedMessagesSurviveTwoDeathsInOrder() throws Exception {
    List<CompletableFuture<SentMessage>> receipts = new ArrayList<>();
    CompletableFuture<Void> killer = killAt(500, 2).thenCompose(done -> killAt(1000, 1));
    try (MessageSender sender = alice().openSender(16)) {
      for (String text : numbered(2000)) {
        receipts.add(sender.send("bob", text));
      }
    }
    killer.join();
    assertThat(receipts).allSatisfy(receipt -> assertThat(receipt).isCompleted());
    assertThat(cluster.chat.inboxTexts("bob")).isEqualTo(numbered(2000));
  }

  @Test
  void frozenPrimaryDoesNotSwallowCalls() throws Exception {
    ChatSession alice = alice();
    try (MessageSender sender = alice.openSender(4)) {
      sender.send("bob", "message 0").join();
      cluster.primary().freeze();
      CompletableFuture<SentMessage> stuck = sender.send("bob", "message 1");
      cluster.promote(1);
      stuck.join();
      assertThat(alice.send("bob", "message 2").duplicate()).isFalse();
    }
    assertThat(cluster.chat.inboxTexts("bob")).isEqualTo(numbered(3));
  }

  @Test
  void serverThatComesBackAndIsPromotedIsFoundAtOnce() {
    ChatSession alice = alice();
    cluster.servers().forEach(FakeServer::kill);
    cluster.demote();
    CompletableFuture<SentMessage> waiting = alice.sendAsync("bob", "message 0");
    // Long enough for gRPC's own back-off to have grown beyond the limit below.
    await().pollDelay(Duration.ofSeconds(3)).until(() -> true);
    cluster.server(2).start();
    cluster.promote(2);
    assertThat(waiting).succeedsWithin(Duration.ofSeconds(1));
    assertThat(cluster.chat.inboxTexts("bob")).isEqualTo(numbered(1));
  }

  @Test
  void oneAddressIsEnoughToFindThePrimary() {
    try (ChatClient lonely = ChatClient.connect(cluster.server(1).address())) {
      lonely.createAccount("carol", "carol's secret");
      assertThat(lonely.login("carol", "carol's secret").undeliveredCount()).isZero();
    }
  }

  @Test
  void whatIsUnknownAtTheDeadlineIsKnownByAskingAgain() {
    try (ChatClient hasty =
        cluster
            .clientBuilder()
            .attemptTimeout(Duration.ofMillis(200))
            .callTimeout(Duration.ofMillis(500))
            .build()) {
      ChatSession alice =
          hasty.resume("alice", cluster.chat.login("alice", "alice's secret", true));
      assertThat(alice.accounts("").toList()).hasSize(2);
      cluster.primary().freeze();
      OutcomeUnknownException unknown =
          catchThrowableOfType(OutcomeUnknownException.class, () -> alice.send("bob", "message 0"));
      assertThat(unknown.requestId()).hasSize(36);
      cluster.promote(2);
      assertThat(alice.send("bob", "message 0", unknown.requestId()).requestId())
          .isEqualTo(unknown.requestId());
      assertThat(alice.send("bob", "message 0", unknown.requestId()).duplicate()).isTrue();
    }
    assertThat(cluster.chat.inboxTexts("bob")).isEqualTo(numbered(1));
  }

  @Test
  void withoutPrimaryTheRefusalIsDefiniteAndTheStatusStillAnswers() {
    cluster.demote();
    cluster.server(3).kill();
    try (ChatClient hasty = cluster.clientBuilder().callTimeout(Duration.ofMillis(400)).build()) {
      ChatException refused =
          catchThrowableOfType(
              ChatException.class, () -> hasty.createAccount("carol", "carol's secret"));
      assertThat(refused)
          .isNotInstanceOf(OutcomeUnknownException.class)
          .hasMessageContaining("nothing was sent");
      assertThat(refused.reason()).isEqualTo(ErrorReason.NO_PRIMARY);
      ClusterStatus status = hasty.clusterStatus();
      assertThat(status.primary()).isEmpty();
      assertThat(status.servers()).hasSize(3);
      assertThat(hasty.isPrimaryKnown()).isFalse();
    }
  }

  @Test
  void nothingListeningIsSaidAtOnce() {
    cluster.servers().forEach(FakeServer::kill);
    try (ChatClient fresh = cluster.clientBuilder().build()) {
      ChatException refused = catchThrowableOfType(ChatException.class, fresh::clusterStatus);
      assertThat(refused).hasMessageContaining("is the cluster running");
    }
  }

  @Test
  void closingEndsWhatWaits() throws Exception {
    ChatSession alice = alice();
    cluster.demote();
    CompletableFuture<SentMessage> waiting = alice.sendAsync("bob", "hello");
    CompletableFuture<SentMessage> pipelined = alice.openSender(1).send("bob", "hello");
    MessageStream stream = alice.receive();
    client.close();
    assertThat(waiting).failsWithin(Duration.ofSeconds(1));
    assertThat(pipelined).failsWithin(Duration.ofSeconds(1));
    assertThat(catchThrowableOfType(ChatException.class, () -> drain(stream))).isNotNull();
  }

  private static void drain(MessageStream stream) throws InterruptedException {
    while (stream.next().isPresent()) {
      // Until it ends.
    }
  }
}
