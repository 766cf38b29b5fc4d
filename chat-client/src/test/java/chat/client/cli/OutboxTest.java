package chat.client.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import chat.client.ChatClient;
import chat.client.ChatException;
import chat.client.ChatSession;
import chat.client.FakeCluster;
import chat.client.SentMessage;
import chat.common.ErrorReason;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class OutboxTest implements Outbox.Listener {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final List<String> told = new CopyOnWriteArrayList<>();
  private FakeCluster cluster;
  private ChatClient client;
  private ChatSession alice;
  private Outbox outbox;

  @BeforeEach
  void start() {
    cluster = new FakeCluster(3);
    cluster.promote(2);
    client =
        ChatClient.builder()
            .servers(cluster.addresses())
            .attemptTimeout(Duration.ofMillis(300))
            .callTimeout(Duration.ofMillis(1500))
            .build();
    client.createAccount("alice", "a good secret");
    client.createAccount("bob", "a good secret");
    alice = client.login("alice", "a good secret").session();
    outbox = new Outbox(alice, this).start();
  }

  @AfterEach
  void stop() {
    outbox.close();
    client.close();
    cluster.close();
  }

  @Override
  public void accepted(String recipient, SentMessage sent) {
    told.add("accepted" + (sent.duplicate() ? " before" : ""));
  }

  @Override
  public void refused(String recipient, String text, boolean doubtful, ChatException why) {
    told.add("refused " + text + (doubtful ? " perhaps" : ""));
  }

  @Override
  public void dropped(String text, boolean doubtful) {
    told.add("dropped " + text + (doubtful ? " perhaps" : ""));
  }

  @Override
  public void waiting(int kept) {
    told.add("waiting " + kept);
  }

  @Test
  void whatIsTypedWithoutAPrimaryIsSentOnceAndInOrderHoweverLongItTakes() throws Exception {
    outbox.add("bob", "one");
    assertThat(outbox.flush(PATIENCE.toMillis())).isTrue();
    cluster.freezePrimary();
    outbox.add("bob", "two");
    outbox.add("bob", "three");
    // Longer than a whole call takes: it is asked again with the same id.
    await().atMost(PATIENCE).until(() -> told.stream().filter("waiting 2"::equals).count() >= 2);
    assertThat(outbox.size()).isEqualTo(2);
    cluster.promote(1);
    assertThat(outbox.flush(PATIENCE.toMillis())).isTrue();
    assertThat(cluster.inbox("bob")).containsExactly("one", "two", "three");
    assertThat(told).startsWith("accepted", "waiting 2").endsWith("accepted", "accepted");
  }

  @Test
  void aRefusalIsToldWithTheTextAndTheNextIsSent() throws Exception {
    outbox.add("nobody", "lost?");
    outbox.add("bob", "hello");
    assertThat(outbox.flush(PATIENCE.toMillis())).isTrue();
    assertThat(told).containsExactly("refused lost?", "accepted");
  }

  @Test
  void whatIsGivenUpWithTheSessionIsTold() throws Exception {
    cluster.freezePrimary();
    outbox.add("bob", "one");
    outbox.add("bob", "two");
    await().atMost(PATIENCE).until(() -> told.contains("waiting 2"));
    outbox.abandon();
    outbox.abandon();
    assertThat(told.stream().filter(each -> each.startsWith("dropped")))
        .containsExactly("dropped one perhaps", "dropped two");
  }

  @Test
  void aFullDiskSaysNothingAboutAnEarlierAttempt() throws Exception {
    cluster.freezePrimary();
    outbox.add("bob", "one");
    // An attempt that nobody has answered is over.
    await().atMost(PATIENCE).until(() -> told.stream().filter("waiting 1"::equals).count() >= 2);
    cluster.refuse(1, ErrorReason.DISK_FULL);
    cluster.promote(1);
    assertThat(outbox.flush(PATIENCE.toMillis())).isTrue();
    assertThat(told).contains("refused one perhaps");
  }

  @Test
  void closingGivesUpWhatHasNoAnswer() throws Exception {
    cluster.demote();
    outbox.add("bob", "never");
    await().atMost(PATIENCE).until(() -> told.contains("waiting 1"));
    outbox.close();
    assertThat(outbox.flush(PATIENCE.toMillis())).isFalse();
    cluster.promote(1);
    outbox.add("bob", "nor this");
    assertThat(cluster.inbox("bob")).isEmpty();
  }
}
