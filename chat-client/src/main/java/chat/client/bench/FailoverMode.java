package chat.client.bench;

import chat.client.demo.LocalCluster;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * {@code failover}: how long nothing is acknowledged when the primary is killed or frozen, seen by
 * clients of the library. A pause is the longest time between two acknowledgements, whoever gets
 * them, from the fault until service is back.
 */
@Command(
    name = "failover",
    description = "The pause when the primary is killed (-9), and when it is frozen (SIGSTOP).",
    mixinStandardHelpOptions = true)
final class FailoverMode implements Callable<Integer> {
  private static final int FROZEN_ROUNDS_USUALLY_MAX = 10;
  private static final int SURVIVORS = 2;

  /** So many acknowledgements prove that service is back. */
  private static final int ACKNOWLEDGED_AFTER = 200;

  private static final double NANOS_A_MILLI = 1e6;

  private final Bench bench;
  @Mixin private BenchOptions options = new BenchOptions();

  @Option(
      names = "--rounds",
      defaultValue = "20",
      description = "How often the primary is killed (default: ${DEFAULT-VALUE}).")
  private int rounds;

  @Option(
      names = "--frozen-rounds",
      paramLabel = "N",
      description = "How often it is frozen (default: as often, but at most 10 times).")
  private @Nullable Integer frozenRounds;

  @Option(
      names = "--rest",
      paramLabel = "SECONDS",
      defaultValue = "1",
      description = "Time with all servers before the next fault (default: ${DEFAULT-VALUE}).")
  private int restSeconds;

  FailoverMode(Bench bench) {
    this.bench = bench;
  }

  @Override
  public Integer call() throws InterruptedException {
    Progress progress = bench.progress();
    int frozen = frozenRounds != null ? frozenRounds : Math.min(rounds, FROZEN_ROUNDS_USUALLY_MAX);
    int inFlight = options.inFlight(16).get(0);
    BenchCluster cluster = bench.cluster();
    List<Account> accounts = cluster.accounts(options.accounts());
    try (LibraryLoad load =
        new LibraryLoad(cluster.servers().addresses(), accounts, inFlight, options)) {
      long seconds = options.warmUp(true).toSeconds();
      progress.says("writing, " + inFlight + " in flight; warm-up of " + seconds + " s");
      TimeUnit.SECONDS.sleep(seconds);
      Map<String, Object> row = new LinkedHashMap<>();
      row.put("mode", "failover");
      row.put("in_flight", inFlight);
      row.put("rounds", rounds);
      row.put("pause_ms", figures(faults(cluster, load, "kill -9", rounds)));
      row.put("frozen_rounds", frozen);
      row.put("frozen_pause_ms", figures(faults(cluster, load, "SIGSTOP", frozen)));
      row.put("acknowledged", load.acceptedCount());
      row.put("failed", load.failedCount());
      bench.rows(options).print(row);
      load.check();
    }
    return 0;
  }

  private Histogram faults(BenchCluster cluster, LibraryLoad load, String fault, int count)
      throws InterruptedException {
    Histogram pauses = new Histogram(3);
    for (int round = 1; round <= count; round++) {
      TimeUnit.SECONDS.sleep(restSeconds);
      long pause = fault(cluster.servers(), load, fault.equals("SIGSTOP"));
      pauses.recordValue(pause);
      bench
          .progress()
          .says(
              String.format(
                  "%s, round %d of %d: %.0f ms, median so far %.0f ms",
                  fault,
                  round,
                  count,
                  pause / NANOS_A_MILLI,
                  pauses.getValueAtPercentile(50) / NANOS_A_MILLI));
    }
    return pauses;
  }

  private static long fault(LocalCluster servers, LibraryLoad load, boolean freeze)
      throws InterruptedException {
    int primary = servers.primaryId();
    load.watch();
    if (freeze) {
      servers.pause(primary);
    } else {
      servers.killHard(primary);
    }
    servers.awaitMembers(SURVIVORS, BenchCluster.PATIENCE);
    load.awaitAccepted(ACKNOWLEDGED_AFTER, BenchCluster.PATIENCE);
    long pause = load.longestGapNanos();
    if (freeze) {
      servers.resume(primary);
    } else {
      servers.start(primary);
    }
    servers.awaitComplete(BenchCluster.PATIENCE);
    return pause;
  }

  private static Map<String, Object> figures(Histogram pauses) {
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("median", millis(pauses.getValueAtPercentile(50)));
    figures.put("p99", millis(pauses.getValueAtPercentile(99)));
    figures.put("max", millis(pauses.getMaxValue()));
    return figures;
  }

  private static double millis(long nanos) {
    return Rows.rounded(nanos / NANOS_A_MILLI, 1);
  }
}
