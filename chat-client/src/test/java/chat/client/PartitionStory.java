package chat.client;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import chat.client.NamespaceProcess.Event;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.awaitility.core.ConditionFactory;

/**
 * Three servers and who writes to them: through the library on the primary's host and on a
 * backup's, and without it from the hub, which every server hears throughout, to each server alone.
 * All write to rita, who receives in the hub. Everything that was answered is remembered.
 */
final class PartitionStory implements AutoCloseable {
  private static final String PRIMARY_SIDE = "primary-side";
  private static final String BACKUP_SIDE = "backup-side";
  private static final String RITA = "rita";
  private static final List<Integer> ALL = List.of(1, 2, 3);

  private final NamespacedCluster cluster;
  private final NamespaceProcess hub;
  private final List<NamespaceProcess> processes = new ArrayList<>();
  private final Map<String, NamespaceProcess> writers = new TreeMap<>();
  private final int primary;

  private PartitionStory(Path directory) throws IOException {
    cluster = NamespacedCluster.start(directory);
    try {
      hub = client(NetworkNamespaces.HUB, directory);
      hub.tell("watch", "hub");
      awaitOneViewOfAll();
      primary = primaries().iterator().next();
      startWriters(directory);
    } catch (IOException | RuntimeException | AssertionError e) {
      close();
      throw e;
    }
  }

  /** Starts it all, and returns when every writer that can write does. */
  static PartitionStory begin(Path directory) throws IOException {
    return new PartitionStory(directory);
  }

  private NamespaceProcess client(int host, Path directory) throws IOException {
    NamespaceProcess started =
        NamespaceProcess.start(
            host, cluster.addresses(), directory.resolve("client-" + host + ".log"));
    processes.add(started);
    return started;
  }

  private void startWriters(Path directory) throws IOException {
    writers.put(PRIMARY_SIDE, client(primary, directory));
    writers.put(BACKUP_SIDE, client(backups()[0], directory));
    ALL.forEach(id -> writers.put(direct(id), hub));
    hub.tell("account", RITA);
    writers.keySet().forEach(name -> hub.tell("account", name));
    hub.tell("receive", RITA, token(RITA));
    for (int id : ALL) {
      hub.tell("direct", direct(id), cluster.address(id), token(direct(id)), RITA);
    }
    for (String side : List.of(PRIMARY_SIDE, BACKUP_SIDE)) {
      writer(side).tell("write", side, token(side), RITA);
    }
    awaitThat("all write")
        .until(
            () ->
                Stream.of(PRIMARY_SIDE, BACKUP_SIDE, direct(primary))
                    .allMatch(name -> acknowledged(name).count() >= 30));
  }

  private static String direct(int id) {
    return "direct-" + id;
  }

  private String token(String name) {
    awaitThat("the account " + name).until(() -> hub.events("TOKEN", name).findAny().isPresent());
    return hub.events("TOKEN", name).findAny().orElseThrow().words().get(0);
  }

  private ConditionFactory awaitThat(String what) {
    return await(what)
        .atMost(Duration.ofSeconds(30))
        .pollInterval(Duration.ofMillis(20))
        .failFast(
            "a client's task failed",
            () -> hub.events().anyMatch(event -> event.what().equals("BROKEN")));
  }

  int primary() {
    return primary;
  }

  int[] backups() {
    return ALL.stream().filter(id -> id != primary).mapToInt(Integer::intValue).toArray();
  }

  private NamespaceProcess writer(String name) {
    return requireNonNull(writers.get(name));
  }

  /** What a writer was told "yes" to. */
  private Stream<Event> acknowledged(String name) {
    return writer(name).events("ACK", name);
  }

  /** What the server that was primary at first has acknowledged, and nobody else can have. */
  List<Event> acknowledgedByOldPrimary(long fromMillis, long toMillis) {
    return Stream.of(PRIMARY_SIDE, direct(primary))
        .flatMap(this::acknowledged)
        .filter(event -> event.millis() > fromMillis && event.millis() < toMillis)
        .toList();
  }

  /** What the other servers have acknowledged, in the order of time. */
  List<Event> acknowledgedByBackups() {
    return IntStream.of(backups())
        .mapToObj(PartitionStory::direct)
        .flatMap(this::acknowledged)
        .sorted(Comparator.comparing(Event::millis))
        .toList();
  }

  /** What was acknowledged to the library beside a backup, after a time. */
  List<Event> acknowledgedBesideBackup(long afterMillis) {
    return acknowledged(BACKUP_SIDE).filter(event -> event.millis() > afterMillis).toList();
  }

  /** What was acknowledged to the library beside the first primary, after a time. */
  List<Event> acknowledgedBesidePrimary(long afterMillis) {
    return acknowledged(PRIMARY_SIDE).filter(event -> event.millis() > afterMillis).toList();
  }

  /** Reads that the first primary answered though they were asked after a time. */
  List<Event> readsOfOldPrimary(long askedAfterMillis, long toMillis) {
    return hub.events("READ", direct(primary))
        .filter(read -> Long.parseLong(read.words().get(1)) > askedAfterMillis)
        .filter(read -> read.millis() < toMillis)
        .toList();
  }

  /** How often the first primary, and the library beside it, have said no or nothing. */
  List<Event> refusedByOldPrimary(long afterMillis) {
    return Stream.concat(
            hub.events("DENIED", direct(primary)),
            Stream.of("UNKNOWN", "REFUSED")
                .flatMap(what -> writer(PRIMARY_SIDE).events(what, PRIMARY_SIDE)))
        .filter(event -> event.millis() > afterMillis)
        .toList();
  }

  /** Whether the library beside the first primary was refused. */
  boolean libraryRefusedBesidePrimary(long afterMillis) {
    return refusedByOldPrimary(afterMillis).stream()
        .anyMatch(event -> event.name().equals(PRIMARY_SIDE));
  }

  private Map<String, Event> statuses() {
    Map<String, Event> latest = new TreeMap<>();
    hub.events()
        .filter(event -> event.what().startsWith("STATUS"))
        .forEach(event -> latest.put(event.words().get(0), event));
    return latest;
  }

  /** The primaries that the servers name now. */
  private Set<Integer> primaries() {
    return statuses().values().stream()
        .filter(status -> status.what().equals("STATUS"))
        .map(status -> Integer.parseInt(status.words().get(1)))
        .collect(Collectors.toSet());
  }

  /** The epochs that any server has named between two times. */
  Set<String> epochs(long fromMillis, long toMillis) {
    return hub.events("STATUS", "hub")
        .filter(status -> status.millis() > fromMillis && status.millis() < toMillis)
        .map(status -> status.words().get(2))
        .collect(Collectors.toSet());
  }

  /** Waits until all three say the same: who is primary, which epoch, and that all are in. */
  void awaitOneViewOfAll() {
    long since = System.currentTimeMillis();
    awaitThat("one view of all three")
        .untilAsserted(
            () -> {
              Map<String, Event> said = statuses();
              assertThat(said).hasSize(NamespacedCluster.SIZE);
              assertThat(said.values())
                  .allSatisfy(
                      status -> {
                        assertThat(status.millis()).isGreaterThan(since);
                        assertThat(status.what()).isEqualTo("STATUS");
                        assertThat(status.words().get(1)).isNotEqualTo("0");
                        assertThat(status.words().get(3)).isEqualTo(ALL.toString());
                      });
              assertThat(said.values().stream().map(s -> s.words().subList(1, 3)).distinct())
                  .hasSize(1);
            });
  }

  /** Ends the writing, and checks that what was answered is true, at every server in turn. */
  void stopAndCompare() throws InterruptedException {
    processes.forEach(process -> process.tell("stop", "all"));
    awaitThat("writers to stop")
        .until(() -> processes.stream().allMatch(p -> p.events("STOPPED", "all").count() == 1));
    assertThat(processes.stream().flatMap(NamespaceProcess::events))
        .noneMatch(event -> event.what().equals("BROKEN"));
    Map<String, List<List<String>>> first = histories(1);
    first.forEach(this::compare);
    List<String> all = first.values().stream().flatMap(List::stream).map(m -> m.get(0)).toList();
    awaitThat("rita's stream").until(() -> hub.events("RECEIVED", RITA).count() >= all.size());
    assertThat(hub.events("RECEIVED", RITA).map(Event::id))
        .as("what rita received")
        .isSorted()
        .doesNotHaveDuplicates()
        .containsExactlyInAnyOrderElementsOf(all.stream().map(Long::parseLong).toList());
    // Only a primary answers reads: each of the three is made to be one.
    for (int round = 2; round <= NamespacedCluster.SIZE; round++) {
      cluster.kill(currentPrimary());
      assertThat(histories(round)).isEqualTo(first);
    }
    System.out.println(
        "Partition: " + all.size() + " messages are the same at every server, and to rita");
  }

  private int currentPrimary() {
    awaitThat("a primary that lives")
        .until(() -> primaries().stream().filter(cluster::isAlive).count() == 1);
    return primaries().stream().filter(cluster::isAlive).findAny().orElseThrow();
  }

  /** By writer: id and text of each message, as the present primary has them. */
  private Map<String, List<List<String>>> histories(int round) {
    Map<String, List<List<String>>> result = new TreeMap<>();
    for (String writer : writers.keySet()) {
      hub.tell("history", writer, token(writer), RITA);
      awaitThat("history of " + writer)
          .until(() -> hub.events("HISTORY_END", writer).count() == round);
      List<List<String>> messages = hub.events("HISTORY", writer).map(Event::words).toList();
      int size = (int) hub.events("HISTORY_END", writer).reduce((a, b) -> b).orElseThrow().id();
      result.put(writer, messages.subList(messages.size() - size, messages.size()));
    }
    return result;
  }

  private void compare(String writer, List<List<String>> history) {
    NamespaceProcess process = writer(writer);
    assertThat(history.stream().map(message -> message.get(1)))
        .as("texts of %s, each once", writer)
        .doesNotHaveDuplicates();
    assertThat(history)
        .as("what %s was acknowledged", writer)
        .containsAll(
            Stream.of("ACK", "SETTLED", "SETTLED_NOW")
                .flatMap(what -> process.events(what, writer))
                .map(Event::words)
                .toList());
    List<String> texts = history.stream().map(message -> message.get(1)).toList();
    assertThat(process.events("REFUSED", writer).map(event -> event.words().get(0)))
        .as("what %s was refused for good", writer)
        .noneMatch(texts::contains);
  }

  /** The longest time without an acknowledgement to the library there, in milliseconds. */
  long longestPauseBesidePrimary(long fromMillis, long toMillis) {
    List<Long> times = new ArrayList<>(List.of(fromMillis));
    acknowledgedBesidePrimary(fromMillis).stream()
        .map(Event::millis)
        .filter(millis -> millis < toMillis)
        .forEach(times::add);
    times.add(toMillis);
    return IntStream.range(1, times.size())
        .mapToLong(i -> times.get(i) - times.get(i - 1))
        .max()
        .orElseThrow();
  }

  @Override
  public void close() {
    processes.forEach(NamespaceProcess::close);
    cluster.close();
  }
}
