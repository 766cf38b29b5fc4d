package chat.client;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import chat.client.NamespaceProcess.Event;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * One client of the library on a host of its own, and real servers that are frozen, killed, and cut
 * off from it: it sends and receives throughout. Only root can run it; CI fails where it cannot
 * run.
 */
@Timeout(300)
class LibraryFaultsTest {
  private static final int CLIENT = NamespacedCluster.SIZE + 1;
  private static final String SENDER = "sender";
  private static final String RECEIVER = "receiver";

  /** For a machine that does other things too; what it took is printed. */
  private static final Duration BOUND = Duration.ofMinutes(1);

  // The servers' logs of a failed run stay.
  @TempDir(cleanup = CleanupMode.ON_SUCCESS)
  Path directory;

  private @Nullable NetworkNamespaces network;
  private @Nullable NamespacedCluster cluster;
  private @Nullable NamespaceProcess client;

  @BeforeEach
  void startThreeServersAndAClientOnFourHosts() throws IOException, InterruptedException {
    Optional<String> missing = NetworkNamespaces.missing();
    if (missing.isPresent()) {
      assertThat(System.getenv("CI")).as("in CI, where %s", missing.get()).isNotEqualTo("true");
      System.err.println("**** LibraryFaultsTest IS SKIPPED: " + missing.get() + ". ****");
      Assumptions.abort(missing.get());
    }
    network = NetworkNamespaces.create(CLIENT);
    cluster = NamespacedCluster.start(directory);
    client = NamespaceProcess.start(CLIENT, cluster.addresses(), directory.resolve("client.log"));
  }

  @AfterEach
  void stop() {
    if (client != null) {
      client.close();
    }
    if (cluster != null) {
      cluster.close();
    }
    if (network != null) {
      network.close();
    }
  }

  @Test
  void whatACallerSeesOfEveryFaultIsTime() throws Exception {
    client().tell("watch", "watch");
    int primary = awaitPrimaryOfAllThree();
    client().tell("account", SENDER);
    client().tell("account", RECEIVER);
    client().tell("receive", RECEIVER, token(RECEIVER));
    client().tell("write", SENDER, token(SENDER), RECEIVER);
    awaitAcknowledged(0);

    long frozenMillis = System.currentTimeMillis();
    cluster().signal("STOP", primary);
    awaitPause("primary frozen", frozenMillis);
    cluster().signal("CONT", primary);
    int second = awaitPrimaryOfAllThree();

    long killedMillis = System.currentTimeMillis();
    cluster().kill(second);
    awaitPause("primary killed", killedMillis);
    cluster().start(second);
    int third = awaitPrimaryOfAllThree();

    // The others hear it still, so that it stays primary: nothing but healing helps here.
    cutOff("primary out of reach of the client", third);
    cutOff("all servers out of reach of the client", 1, 2, 3);

    client().tell("stop", "all");
    await("the writer to stop")
        .atMost(BOUND)
        .until(() -> client().events("STOPPED", "all").findAny().isPresent());
    compare();
  }

  private void cutOff(String fault, int... servers) throws Exception {
    long cutMillis = System.currentTimeMillis();
    network().cut(CLIENT, servers);
    await("a call to come to the end of its time")
        .atMost(BOUND)
        .until(() -> failures().anyMatch(event -> event.millis() > cutMillis));
    long healMillis = System.currentTimeMillis();
    network().heal(CLIENT);
    awaitPause(fault + ", after healing", healMillis);
  }

  /** Calls that ended without an answer, as unknown or as not sent at all. */
  private Stream<Event> failures() {
    return Stream.concat(client().events("UNKNOWN", SENDER), client().events("REFUSED", SENDER));
  }

  private void awaitPause(String fault, long sinceMillis) {
    awaitAcknowledged(sinceMillis);
    long first =
        client()
            .events("ACK", SENDER)
            .mapToLong(Event::millis)
            .filter(millis -> millis > sinceMillis)
            .min()
            .orElseThrow();
    System.out.printf("Library, %s: first answer after %d ms%n", fault, first - sinceMillis);
  }

  /** Waits for so many answers after a time that none of them can have been on its way before. */
  private void awaitAcknowledged(long sinceMillis) {
    await("the library sends")
        .atMost(BOUND)
        .until(
            () ->
                client().events("ACK", SENDER).filter(event -> event.millis() > sinceMillis).count()
                    >= 20);
  }

  private String token(String name) {
    await("the account " + name)
        .atMost(BOUND)
        .until(() -> client().events("TOKEN", name).findAny().isPresent());
    return client().events("TOKEN", name).findAny().orElseThrow().words().get(0);
  }

  /** Waits until every server says that all three are in one view; the primary's number. */
  private int awaitPrimaryOfAllThree() {
    long since = System.currentTimeMillis();
    await("one view of all three")
        .atMost(BOUND)
        .until(() -> IntStream.rangeClosed(1, 3).allMatch(id -> latest(id, since).isPresent()));
    return Integer.parseInt(latest(1, since).orElseThrow().words().get(1));
  }

  /** What a server has said last, if it is later than {@code since} and of a view of all three. */
  private Optional<Event> latest(int id, long since) {
    return client()
        .events("STATUS", "watch")
        .filter(event -> event.millis() > since)
        .filter(event -> event.words().get(0).equals(cluster().address(id)))
        .reduce((earlier, later) -> later)
        .filter(event -> event.words().get(3).equals("[1, 2, 3]"))
        .filter(event -> !event.words().get(1).equals("0"));
  }

  /** Each text is stored once, what was answered among them; and each was shown once, in order. */
  private void compare() {
    client().tell("history", SENDER, token(SENDER), RECEIVER);
    await("the history")
        .atMost(BOUND)
        .until(() -> client().events("HISTORY_END", SENDER).findAny().isPresent());
    List<List<String>> stored = client().events("HISTORY", SENDER).map(Event::words).toList();
    assertThat(stored.stream().map(message -> message.get(1))).doesNotHaveDuplicates();
    assertThat(stored)
        .as("what was answered, or settled by asking again")
        .containsAll(
            Stream.of("ACK", "SETTLED", "SETTLED_NOW")
                .flatMap(what -> client().events(what, SENDER))
                .map(Event::words)
                .toList());
    List<String> texts = stored.stream().map(message -> message.get(1)).toList();
    assertThat(client().events("REFUSED", SENDER).map(event -> event.words().get(0)))
        .as("what was refused for good")
        .noneMatch(texts::contains);
    await("the receiver")
        .atMost(BOUND)
        .until(() -> client().events("RECEIVED", RECEIVER).count() >= stored.size());
    assertThat(client().events("RECEIVED", RECEIVER).map(Event::id))
        .as("shown in order, each once")
        .isSorted()
        .doesNotHaveDuplicates()
        .containsExactlyInAnyOrderElementsOf(
            stored.stream().map(message -> Long.parseLong(message.get(0))).toList());
    List<String> stream =
        client().events("STREAM", RECEIVER).map(event -> event.words().get(0)).toList();
    assertThat(stream).anyMatch(event -> event.startsWith("Interrupted"));
    assertThat(stream.get(stream.size() - 1)).doesNotStartWith("Interrupted");
    assertThat(client().events()).noneMatch(event -> event.what().equals("BROKEN"));
    System.out.printf(
        "Library: %d messages sent and shown once each; %d calls had no answer in time, %d breaks%n",
        stored.size(),
        failures().count(),
        stream.stream().filter(event -> event.startsWith("Interrupted")).count());
  }

  private NetworkNamespaces network() {
    return requireNonNull(network);
  }

  private NamespacedCluster cluster() {
    return requireNonNull(cluster);
  }

  private NamespaceProcess client() {
    return requireNonNull(client);
  }
}
