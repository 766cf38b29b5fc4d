package chat.client.bench;

import chat.client.ClusterStatus;
import chat.client.demo.LocalCluster;
import io.grpc.ManagedChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Three servers with accounts, and connections to their primary. Controlled by one thread; closing
 * it ends the servers.
 */
final class BenchCluster implements AutoCloseable {
  /** For what takes seconds where the machine has nothing else to do. */
  static final Duration PATIENCE = Duration.ofMinutes(3);

  private static final int SERVERS = 3;

  private final LocalCluster cluster;
  private final Progress progress;
  private final List<ManagedChannel> channels = new ArrayList<>();
  private final List<Account> accounts = new ArrayList<>();

  private BenchCluster(LocalCluster cluster, Progress progress) {
    this.cluster = cluster;
    this.progress = progress;
  }

  /**
   * Starts servers whose password hash is as cheap as Argon2 allows, and which let one address make
   * thousands of accounts.
   */
  static BenchCluster start(Progress progress) throws InterruptedException {
    progress.says("starting " + SERVERS + " servers");
    BenchCluster made =
        new BenchCluster(
            LocalCluster.create(
                SERVERS,
                "--password-memory-kib",
                "8",
                "--password-iterations",
                "1",
                "--accounts-per-minute",
                "0"),
            progress);
    try {
      made.cluster.startAll();
      made.cluster.awaitComplete(PATIENCE);
      return made;
    } catch (InterruptedException | RuntimeException e) {
      made.close();
      throw e;
    }
  }

  LocalCluster servers() {
    return cluster;
  }

  /** That many accounts, all logged in; made if there are not as many yet. */
  List<Account> accounts(int count) {
    int missing = count - accounts.size();
    if (missing > 0) {
      progress.says("making " + missing + " accounts");
      accounts.addAll(Accounts.make(channels(1).get(0), accounts.size(), missing));
    }
    return List.copyOf(accounts.subList(0, count));
  }

  /** So many connections to the primary, closed with the cluster. */
  List<ManagedChannel> channels(int count) {
    String primary =
        cluster
            .status()
            .flatMap(ClusterStatus::primary)
            .map(ClusterStatus.Server::address)
            .orElseThrow(() -> new IllegalStateException("No server acts as primary."));
    List<ManagedChannel> opened =
        IntStream.range(0, count).mapToObj(i -> Calls.connect(primary)).toList();
    channels.addAll(opened);
    return opened;
  }

  /** What each server has used so far, by its number; only of those that run. */
  Map<Integer, ProcessUsage> usage() {
    Map<Integer, ProcessUsage> usage = new LinkedHashMap<>();
    for (int id : cluster.aliveIds()) {
      usage.put(id, ProcessUsage.of(cluster.pid(id)));
    }
    return usage;
  }

  /** The largest of the servers' data directories. */
  long diskBytesMax() {
    return cluster.ids().stream()
        .mapToLong(id -> ProcessUsage.diskBytes(cluster.data(id)))
        .max()
        .orElseThrow();
  }

  @Override
  public void close() {
    channels.forEach(ManagedChannel::shutdownNow);
    cluster.close();
  }
}
