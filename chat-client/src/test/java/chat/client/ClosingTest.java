package chat.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import chat.common.ErrorReason;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a client leaves behind, whom it holds up, and what a closed one says. */
class ClosingTest {
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  private FakeCluster cluster;

  @BeforeEach
  void start() {
    cluster = new FakeCluster(1);
    cluster.promote(1);
    cluster.chat.create("alice", "secret");
  }

  @AfterEach
  void stop() {
    cluster.close();
  }

  private ChatClient client() {
    return cluster.clientBuilder().callTimeout(PATIENCE).build();
  }

  private static List<String> threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .map(Thread::getName)
        .filter(name -> name.startsWith("chat-client"))
        .toList();
  }

  @Test
  void aClosedClientLeavesNoThreadAndNoStream() throws Exception {
    try (ChatClient client = client()) {
      ChatSession alice = client.login("alice", "secret").session();
      MessageStream stream = alice.receive();
      MessageSender sender = alice.openSender(4);
      sender.send("alice", "hello").join();
      assertThat(stream.poll(PATIENCE)).isPresent();
      assertThat(threads()).isNotEmpty();
    }
    await().atMost(PATIENCE).untilAsserted(() -> assertThat(threads()).isEmpty());
    await().atMost(PATIENCE).until(() -> !cluster.chat.session(token()).attached);
  }

  private String token() {
    return cluster.chat.accounts().get(0).token;
  }

  @Test
  void aClosedClientSaysSoAtOnceWhateverItIsAsked() {
    ChatClient client = client();
    ChatSession alice = client.login("alice", "secret").session();
    client.close();
    client.close();
    List<ThrowingCallable> all =
        List.of(
            () -> client.login("alice", "secret"),
            () -> client.createAccount("bob", "builder-bob"),
            client::clusterStatus,
            () -> alice.send("alice", "hello"),
            () -> alice.openSender(1),
            alice::receive,
            () -> alice.acknowledge(1),
            () -> alice.fetch(0));
    for (ThrowingCallable asked : all) {
      ChatException refused = catchThrowableOfType(ChatException.class, asked);
      assertThat(refused.reason()).isEqualTo(ErrorReason.SHUTTING_DOWN);
      assertThat(refused).isNotInstanceOf(OutcomeUnknownException.class);
    }
  }

  @Test
  void sendingWithoutWaitingWaitsForRoom() throws Exception {
    try (ChatClient client =
        cluster.clientBuilder().callTimeout(PATIENCE).sendsInFlight(2).build()) {
      ChatSession alice = client.login("alice", "secret").session();
      cluster.demote();
      CompletableFuture<SentMessage> first = alice.sendAsync("alice", "message 0");
      CompletableFuture<SentMessage> second = alice.sendAsync("alice", "message 1");
      CompletableFuture<SentMessage> third =
          CompletableFuture.completedFuture("message 2")
              .thenComposeAsync(text -> alice.sendAsync("alice", text));
      CompletableFuture<SentMessage> cancelled = new CompletableFuture<>();
      Thread interrupted =
          new Thread(
              () -> {
                Thread.currentThread().interrupt();
                CompletableFuture<?> unused =
                    alice
                        .sendAsync("alice", "never")
                        .whenComplete((sent, failure) -> cancelled.completeExceptionally(failure));
              });
      interrupted.start();
      ChatException refused =
          catchThrowableOfType(ChatException.class, () -> Answers.await(cancelled, ""));
      assertThat(refused).hasMessageContaining("was not sent");
      assertThat(third).isNotDone();
      // A place is free again as soon as its caller has given it up.
      assertThat(first.cancel(false)).isTrue();
      cluster.promote(1);
      CompletableFuture.allOf(second, third).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }
    assertThat(cluster.inbox("alice")).contains("message 1", "message 2").doesNotContain("never");
  }

  /** Each callback sends the next: with few places it would stand still if they were held on to. */
  @Test
  void callbacksMaySendAndBlock() throws Exception {
    try (ChatClient client =
        cluster.clientBuilder().callTimeout(PATIENCE).sendsInFlight(2).build()) {
      ChatSession alice = client.login("alice", "secret").session();
      List<CompletableFuture<SentMessage>> chains =
          IntStream.range(0, 8)
              .mapToObj(
                  i ->
                      alice
                          .sendAsync("alice", "first " + i)
                          .thenApply(sent -> alice.send("alice", "second " + i))
                          .thenCompose(sent -> alice.sendAsync("alice", "third " + i)))
              .toList();
      CompletableFuture.allOf(chains.toArray(CompletableFuture[]::new))
          .get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }
    assertThat(cluster.inbox("alice")).hasSize(24).doesNotHaveDuplicates();
  }

  @Test
  void aCallbackThatBlocksDoesNotStopTheClocks() throws Exception {
    CountDownLatch release = new CountDownLatch(1);
    try (ChatClient client =
        cluster
            .clientBuilder()
            .attemptTimeout(Duration.ofMillis(200))
            .callTimeout(Duration.ofMillis(500))
            .build()) {
      ChatSession alice = client.resume("alice", cluster.chat.login("alice", "secret", true));
      cluster.demote();
      CountDownLatch blocked = new CountDownLatch(1);
      try (MessageSender sender = alice.openSender(1)) {
        CompletableFuture<Void> callback =
            sender
                .send("alice", "late")
                .handle(
                    (sent, failure) -> {
                      blocked.countDown();
                      return awaitUninterrupted(release);
                    })
                .thenAccept(done -> assertThat(done).isTrue());
        assertThat(blocked.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        // The same timer ends this one, by its deadline.
        assertThat(catchThrowableOfType(ChatException.class, () -> alice.fetch(0)))
            .hasMessageContaining("No primary answered");
        release.countDown();
        callback.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
      }
    } finally {
      release.countDown();
    }
  }

  private static boolean awaitUninterrupted(CountDownLatch latch) {
    try {
      return latch.await(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
