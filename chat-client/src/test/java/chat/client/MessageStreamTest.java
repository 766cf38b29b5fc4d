package chat.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import chat.client.ReceiveEvent.Arrived;
import chat.common.ErrorReason;
import chat.v1.Message;
import chat.v1.ReceiveMessagesResponse;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class MessageStreamTest {
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private FakeCluster cluster;
  private ChatClient client;
  private ChatSession bob;

  @BeforeEach
  void start() {
    cluster = new FakeCluster(3);
    cluster.promote(3);
    cluster.chat.create("alice", "secret");
    cluster.chat.create("bob", "secret");
    client = cluster.clientBuilder().streamSilence(Duration.ofMillis(600)).build();
    bob = client.login("bob", "secret").session();
  }

  @AfterEach
  void stop() {
    client.close();
    cluster.close();
  }

  private void post(int from, int to) {
    for (int i = from; i < to; i++) {
      cluster.chat.send("alice", "bob", "message " + i, "id " + i);
    }
    cluster.servers().forEach(FakeServer::pushIfUp);
  }

  private static List<String> numbered(int count) {
    return IntStream.range(0, count).mapToObj(i -> "message " + i).toList();
  }

  private static List<ChatMessage> take(MessageStream stream, int count)
      throws InterruptedException {
    List<ChatMessage> messages = new ArrayList<>();
    while (messages.size() < count) {
      Optional<ReceiveEvent> event = stream.poll(PATIENCE);
      assertThat(event).as("an event after %s messages", messages.size()).isPresent();
      if (event.get() instanceof Arrived arrived) {
        messages.add(arrived.message());
      }
    }
    return messages;
  }

  private static List<String> texts(List<ChatMessage> messages) {
    return messages.stream().map(ChatMessage::text).toList();
  }

  @Test
  void waitingMessagesComeFirstThenTheMarkerThenLiveOnes() throws Exception {
    post(0, 2);
    try (MessageStream stream = bob.receive()) {
      assertThat(texts(take(stream, 2))).isEqualTo(numbered(2));
      assertThat(stream.poll(PATIENCE)).contains(new ReceiveEvent.CaughtUp());
      post(2, 3);
      assertThat(texts(take(stream, 1))).containsExactly("message 2");
    }
  }

  @Test
  void streamResumesAfterDeathsWithoutGapOrRepeat() throws Exception {
    post(0, 100);
    try (MessageStream stream = bob.receive()) {
      List<ChatMessage> seen = new ArrayList<>(take(stream, 50));
      cluster.primary().kill();
      cluster.promote(2);
      post(100, 200);
      seen.addAll(take(stream, 100));
      cluster.primary().kill();
      cluster.promote(1);
      post(200, 300);
      seen.addAll(take(stream, 150));
      assertThat(texts(seen)).isEqualTo(numbered(300));
    }
  }

  @Test
  void silentStreamIsOpenedAgainOnTheNewPrimary() throws Exception {
    try (MessageStream stream = bob.receive()) {
      assertThat(stream.poll(PATIENCE)).contains(new ReceiveEvent.CaughtUp());
      cluster.primary().freeze();
      cluster.promote(1);
      post(0, 5);
      assertThat(texts(take(stream, 5))).isEqualTo(numbered(5));
    }
  }

  @Test
  void breakIsToldOnceAndSoIsTheResumption() throws Exception {
    try (MessageStream stream = bob.receive()) {
      assertThat(stream.poll(PATIENCE)).contains(new ReceiveEvent.CaughtUp());
      cluster.primary().kill();
      assertThat(stream.poll(PATIENCE)).get().isInstanceOf(ReceiveEvent.Interrupted.class);
      cluster.promote(1);
      assertThat(stream.poll(PATIENCE)).contains(new ReceiveEvent.Resumed());
    }
  }

  @Test
  void repeatsOfAServerAreDropped() throws Exception {
    post(0, 3);
    try (MessageStream stream = bob.receive()) {
      take(stream, 3);
      FakeStream wire = onlyStream();
      wire.emit(event(Message.newBuilder().setMessageId(2).setText("again").build()));
      wire.emit(ReceiveMessagesResponse.getDefaultInstance());
      post(3, 4);
      assertThat(texts(take(stream, 1))).containsExactly("message 3");
    }
  }

  @Test
  void slowReaderHoldsTheServerBackAndMissesNothing() throws Exception {
    int many = 3 * MessageStream.CAPACITY;
    post(0, many);
    try (MessageStream stream = bob.receive()) {
      // Longer than the silence that would end it, if it were the server's.
      await().pollDelay(Duration.ofMillis(900)).until(() -> true);
      assertThat(cluster.primary().service().streams()).hasSize(1);
      assertThat(texts(take(stream, many))).isEqualTo(numbered(many));
    }
  }

  @Test
  void sessionTakenOverEndsTheStream() {
    MessageStream stream = bob.receive();
    await().until(() -> !cluster.primary().service().streams().isEmpty());
    ChatSession other = client.login("bob", "secret", true).session();
    post(0, 1);
    ChatException ended =
        catchThrowableOfType(
            ChatException.class,
            () -> {
              while (stream.next().isPresent()) {
                // Until it ends.
              }
            });
    assertThat(ended.reason()).isEqualTo(ErrorReason.SESSION_TAKEN_OVER);
    assertThat(other.token()).isNotEqualTo(bob.token());
  }

  @Test
  void aBrokenServerDoesNotEndTheStream() throws Exception {
    try (MessageStream stream = bob.receive()) {
      assertThat(stream.poll(PATIENCE)).contains(new ReceiveEvent.CaughtUp());
      onlyStream().end(Status.INTERNAL.withDescription("A bug.").asRuntimeException());
      post(0, 1);
      assertThat(texts(take(stream, 1))).containsExactly("message 0");
    }
  }

  @Test
  void manyAcknowledgementsBecomeFewCalls() throws Exception {
    post(0, 200);
    try (MessageStream stream = bob.receive()) {
      List<ChatMessage> messages = take(stream, 200);
      int before = cluster.primary().service().requests.get();
      for (ChatMessage message : messages.subList(0, 199)) {
        assertThat(stream.acknowledge(message)).isNotCancelled();
      }
      stream.acknowledge(messages.get(199)).join();
      assertThat(cluster.chat.acknowledged("bob")).isEqualTo(messages.get(199).messageId());
      assertThat(cluster.primary().service().requests.get() - before).isLessThan(100);
    }
  }

  private FakeStream onlyStream() {
    await().until(() -> !cluster.primary().service().streams().isEmpty());
    return cluster.primary().service().streams().iterator().next();
  }

  private static ReceiveMessagesResponse event(Message message) {
    return ReceiveMessagesResponse.newBuilder().setMessage(message).build();
  }
}
