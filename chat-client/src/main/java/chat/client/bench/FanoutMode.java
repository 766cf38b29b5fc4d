package chat.client.bench;

import io.grpc.ManagedChannel;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code fanout}: from sending to receiving, with every account listening. */
@Command(
    name = "fanout",
    description = "From sending a message to its receipt at the recipient's open stream.",
    mixinStandardHelpOptions = true)
final class FanoutMode implements Callable<Integer> {
  private static final long OPEN_SECONDS_MAX = 120;
  private static final long RECEIVE_SECONDS_MAX = 60;
  private static final long POLL_MILLIS = 10;

  private final Bench bench;
  @Mixin private BenchOptions options = new BenchOptions();

  FanoutMode(Bench bench) {
    this.bench = bench;
  }

  @Override
  public Integer call() throws InterruptedException {
    Rows rows = bench.rows(options);
    BenchCluster cluster = bench.cluster();
    bench.heat(options);
    List<Account> accounts = cluster.accounts(options.accounts());
    List<ManagedChannel> channels = cluster.channels(options.channels());
    Load load = new Load(accounts, cluster::usage, options, bench.progress());
    boolean first = true;
    for (int count : options.inFlight(1, 64, 512)) {
      rows.print(row(cluster, load, channels, count, first));
      first = false;
    }
    return 0;
  }

  private Map<String, Object> row(
      BenchCluster cluster, Load load, List<ManagedChannel> channels, int count, boolean first)
      throws InterruptedException {
    List<Account> accounts = cluster.accounts(options.accounts());
    Inboxes inboxes = new Inboxes(channels.get(0), accounts, options.acknowledgeEvery());
    // Read by the clients on a connection of their own: a sender is rarely the one who listens.
    try (Receivers receivers = new Receivers(cluster.channels(1), accounts, inboxes);
        Sending sending = new UnarySending(channels, accounts.get(0).token())) {
      receivers.awaitCaughtUp(OPEN_SECONDS_MAX);
      load.timed(receivers::measure);
      Map<String, Object> row =
          load.run("fanout", count, sending, (account, id) -> {}, options.warmUp(first));
      awaitReceived(receivers, load.accepted());
      Histogram latencies = receivers.latencies();
      // What is called p50_ms here is the way to the receiver; the sender's answer is beside it.
      for (String name : List.of("p50_ms", "p99_ms", "p999_ms", "max_ms")) {
        Object answer = row.get(name);
        if (answer != null) {
          row.put("answer_" + name, answer);
        }
      }
      Load.latencies(row, "", latencies);
      row.put("received", receivers.receivedCount());
      receivers.check();
      inboxes.check();
      return row;
    }
  }

  private static void awaitReceived(Receivers receivers, long accepted)
      throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(RECEIVE_SECONDS_MAX);
    while (receivers.receivedCount() < accepted) {
      if (System.nanoTime() - deadline > 0) {
        throw new IllegalStateException(
            accepted + " messages were accepted and " + receivers.receivedCount() + " received.");
      }
      TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
    }
  }
}
