package chat.client.chaos;

import chat.client.Hosts;
import chat.client.NamespaceProcess;
import chat.client.NamespaceProcess.Event;
import chat.client.NamespacedCluster;
import chat.client.NetworkNamespaces;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;

/** A {@link LoadProcess} as the run sees it: what it told last. Thread-safe. */
final class Load implements AutoCloseable {
  private static final int PEOPLE = 6;
  private static final long POLL_MILLIS = 5;

  private final NamespacedCluster cluster;
  private final NamespaceProcess process;

  // Guarded by this.
  private final Map<Integer, Status> statuses = new TreeMap<>();
  private final List<Gap> gaps = new ArrayList<>();
  private final Map<String, Long> figures = new LinkedHashMap<>();
  private final List<String> lost = new ArrayList<>();
  private final List<String> wrong = new ArrayList<>();
  private final List<String> late = new ArrayList<>();
  private int lateTold;
  private long acknowledged;
  private long lastMillis;
  private boolean done;

  /** What a server said of the cluster, and when; times are the wall clock's. */
  record Status(long millis, int primary, long epoch, String members, String role) {}

  /** A time without an acknowledgement. */
  record Gap(long fromMillis, long toMillis) {
    long millis() {
      return toMillis - fromMillis;
    }
  }

  private Load(NamespacedCluster cluster, Hosts hosts, int rate, Path directory)
      throws IOException {
    this.cluster = cluster;
    List<String> program =
        List.of(
            // Collections of the load's heap would pass for pauses of the service.
            "-Xms512m",
            "-Xmx1g",
            LoadProcess.class.getName(),
            cluster.addresses(),
            Integer.toString(PEOPLE),
            Integer.toString(rate),
            directory.resolve("acknowledged.tsv").toString());
    process =
        NamespaceProcess.start(
            hosts.on(NetworkNamespaces.HUB, NamespaceProcess.command(program)),
            directory.resolve("load.log"),
            this::heard);
  }

  /** Starts it; needs a cluster that will serve soon. */
  static Load start(NamespacedCluster cluster, Hosts hosts, int rate, Path directory)
      throws IOException {
    return new Load(cluster, hosts, rate, directory);
  }

  private synchronized void heard(Event event) {
    List<String> words = event.words();
    switch (event.what()) {
      case "STATUS" ->
          statuses.put(
              Integer.parseInt(event.name()),
              new Status(
                  event.millis(),
                  Integer.parseInt(words.get(0)),
                  Long.parseLong(words.get(1)),
                  words.get(2),
                  words.get(3)));
      case "ACKED" -> {
        acknowledged = Long.parseLong(words.get(0));
        lastMillis = Math.max(lastMillis, Long.parseLong(words.get(1)));
      }
      case "GAP" -> {
        Gap gap = new Gap(Long.parseLong(words.get(0)), Long.parseLong(words.get(1)));
        gaps.add(gap);
        lastMillis = Math.max(lastMillis, gap.toMillis());
      }
      case "FIGURE" -> figures.put(words.get(0), Long.parseLong(words.get(1)));
      case "LOST" -> lost.add(words.get(0));
      case "LATE" -> late.add(event.millis() + " to " + String.join(" ", words) + " ms");
      case "BROKEN", "WRONG" -> wrong.add(event.what() + " " + event.name() + " " + words);
      case "DONE" -> done = true;
      default -> throw new IllegalArgumentException(event.toString());
    }
  }

  synchronized long acknowledged() {
    return acknowledged;
  }

  /** When the last acknowledgement came that is known of; 0 before the first. */
  synchronized long lastMillis() {
    return lastMillis;
  }

  synchronized Map<String, Long> figures() {
    return new LinkedHashMap<>(figures);
  }

  synchronized List<String> lost() {
    return List.copyOf(lost);
  }

  /** What must not be and is no loss, in words. */
  synchronized List<String> wrong() {
    return List.copyOf(wrong);
  }

  /** Messages that came long after they were accepted. */
  synchronized List<String> late() {
    return List.copyOf(late);
  }

  /** Those of {@link #late} that were not told here before. */
  synchronized List<String> newlyLate() {
    List<String> news = List.copyOf(late.subList(lateTold, late.size()));
    lateTold = late.size();
    return news;
  }

  /** The longest gap that any part of a time belongs to; without the one that lasts still. */
  synchronized long longestGapMillis(long fromMillis, long toMillis) {
    return gaps.stream()
        .filter(gap -> gap.toMillis() > fromMillis && gap.fromMillis() < toMillis)
        .mapToLong(Gap::millis)
        .max()
        .orElse(0);
  }

  /** Who acts as primary, as far as is known. */
  synchronized OptionalInt primary() {
    return statuses.entrySet().stream()
        .filter(entry -> entry.getValue().role().equals("SERVER_ROLE_PRIMARY"))
        .max(Map.Entry.comparingByValue((a, b) -> Long.compare(a.epoch(), b.epoch())))
        .map(entry -> OptionalInt.of(entry.getKey()))
        .orElse(OptionalInt.empty());
  }

  /** What every server said last, in words. */
  synchronized String statusesInWords() {
    return statuses.entrySet().stream()
        .map(
            entry ->
                entry.getKey()
                    + " said "
                    + (System.currentTimeMillis() - entry.getValue().millis())
                    + " ms ago "
                    + entry.getValue())
        .collect(Collectors.joining("; "));
  }

  /** Whether all servers have said after a time that they are all in one view. */
  synchronized boolean isWhole(long sinceMillis) {
    return statuses.size() == cluster.ids().size()
        && statuses.values().stream()
            .allMatch(
                status ->
                    status.millis() > sinceMillis
                        && status.primary() != 0
                        && status.members().equals(cluster.ids().toString()))
        && statuses.values().stream().map(Status::epoch).distinct().count() == 1;
  }

  /** Whether a server is in the view, as the primary said after a time. */
  synchronized boolean isMember(int id, long sinceMillis) {
    return statuses.values().stream()
        .filter(status -> status.role().equals("SERVER_ROLE_PRIMARY"))
        .filter(status -> status.millis() > sinceMillis)
        .anyMatch(status -> List.of(status.members().split("\\W+")).contains("" + id));
  }

  /** Stops the writing and has everything counted. */
  boolean finish(Duration patience) throws InterruptedException {
    process.tell("finish", Long.toString(patience.toSeconds()));
    return await(patience.multipliedBy(3), this::isDone);
  }

  private synchronized boolean isDone() {
    return done;
  }

  /** Waits for something that this load tells; false if it did not come to be. */
  static boolean await(Duration patience, BooleanSupplier wanted) throws InterruptedException {
    long deadline = System.nanoTime() + patience.toNanos();
    while (!wanted.getAsBoolean()) {
      if (System.nanoTime() - deadline > 0) {
        return false;
      }
      TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
    }
    return true;
  }

  @Override
  public void close() {
    process.close();
  }
}
