package chat.client.bench;

import chat.client.demo.LocalCluster;
import io.grpc.ManagedChannel;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code grow}: whether millions of stored messages make anything slower. */
@Command(
    name = "grow",
    description = "Speed, disk and start time while stored messages grow in number.",
    mixinStandardHelpOptions = true)
final class GrowMode implements Callable<Integer> {
  private static final int IN_FLIGHT = 512;
  private static final double NANOS_A_SECOND = 1e9;

  private final Bench bench;
  @Mixin private BenchOptions options = new BenchOptions();

  @Option(
      names = "--messages",
      paramLabel = "N",
      defaultValue = "10000000",
      description = "How many messages in the end (default: ${DEFAULT-VALUE}).")
  private long messages;

  @Option(
      names = "--steps",
      paramLabel = "N",
      defaultValue = "10",
      description = "Rows on the way there (default: ${DEFAULT-VALUE}).")
  private int steps;

  GrowMode(Bench bench) {
    this.bench = bench;
  }

  @Override
  public Integer call() throws InterruptedException {
    Rows rows = bench.rows(options);
    BenchCluster cluster = bench.cluster();
    start(cluster, rows, 0, true);
    start(cluster, rows, 0, false);
    long stored = fill(cluster, rows);
    start(cluster, rows, stored, true);
    start(cluster, rows, stored, false);
    return 0;
  }

  private long fill(BenchCluster cluster, Rows rows) throws InterruptedException {
    List<Account> accounts = cluster.accounts(options.accounts());
    List<ManagedChannel> channels = cluster.channels(options.channels());
    Load load = new Load(accounts, cluster::usage, options, bench.progress());
    int inFlight = options.inFlight(IN_FLIGHT).get(0);
    long stored = 0;
    Inboxes inboxes = new Inboxes(channels.get(0), accounts, options.acknowledgeEvery());
    try (Sending sending =
        new StreamSending(channels, accounts.get(0).token(), StreamSending.streams(inFlight))) {
      for (int step = 1; step <= steps; step++) {
        long wanted = messages * step / steps - stored;
        Map<String, Object> row =
            load.runUntil(
                wanted,
                "grow",
                inFlight,
                sending,
                inboxes,
                step == 1 ? options.warmUp(true) : Duration.ZERO);
        stored += load.acceptedWithWarmUp();
        row.put("stored_messages", stored);
        row.put("disk_mib_max", cluster.diskBytesMax() >> 20);
        row.put(
            "disk_bytes_per_payload_byte",
            Rows.rounded((double) cluster.diskBytesMax() / stored / options.textBytes(), 1));
        rows.print(row);
        inboxes.check();
      }
    }
    return stored;
  }

  /** Ends all servers, starts them again, and waits until they serve. */
  private void start(BenchCluster cluster, Rows rows, long stored, boolean crash)
      throws InterruptedException {
    String after = crash ? "crash" : "stop";
    bench.progress().says("starting all servers after a " + after);
    LocalCluster servers = cluster.servers();
    if (crash) {
      servers.killHard(1, 2, 3);
    } else {
      servers.stop(1, 2, 3);
    }
    long diskMib = cluster.diskBytesMax() >> 20;
    long begin = System.nanoTime();
    servers.startAll();
    servers.awaitServing(BenchCluster.PATIENCE.multipliedBy(10));
    double serving = (System.nanoTime() - begin) / NANOS_A_SECOND;
    servers.awaitComplete(BenchCluster.PATIENCE.multipliedBy(10));
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("mode", "grow_start");
    row.put("stored_messages", stored);
    row.put("after", after);
    row.put("serving_seconds", Rows.rounded(serving, 2));
    row.put("complete_seconds", Rows.rounded((System.nanoTime() - begin) / NANOS_A_SECOND, 2));
    row.put("disk_mib_max", diskMib);
    row.put(
        "disk_bytes_per_payload_byte",
        Rows.rounded(diskMib * (double) (1 << 20) / Math.max(1, stored) / options.textBytes(), 1));
    rows.print(row);
  }
}
