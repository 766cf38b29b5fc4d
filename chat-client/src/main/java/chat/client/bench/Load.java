package chat.client.bench;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** One row: a load on a cluster for a while, and what it came to. */
final class Load {
  private static final double NANOS_A_MILLI = 1e6;
  private static final double MIB = 1 << 20;
  private static final long TICK_MILLIS = 500;

  private final BenchCluster cluster;
  private final BenchOptions options;
  private final Progress progress;

  Load(BenchCluster cluster, BenchOptions options, Progress progress) {
    this.cluster = cluster;
    this.options = options;
    this.progress = progress;
  }

  /**
   * Runs a load.
   *
   * @param inboxes acknowledges what is accepted
   */
  Map<String, Object> run(
      String mode, int inFlight, Sending sending, Inboxes inboxes, Duration warmUp)
      throws InterruptedException {
    ClosedLoop loop = new ClosedLoop(sending, cluster.accounts(), inboxes, options.textBytes());
    String what = mode + ", " + inFlight + " in flight";
    progress.says(what + ": warm-up of " + warmUp.toSeconds() + " s");
    loop.start(inFlight);
    TimeUnit.NANOSECONDS.sleep(warmUp.toNanos());
    progress.says(what + ": measuring for " + options.measured().toSeconds() + " s");
    Map<Integer, ProcessUsage> before = cluster.usage();
    double clientCpuBefore = clientCpuSeconds();
    long acknowledgementsBefore = inboxes.calls();
    loop.measure();
    watch(loop, what);
    Map<Integer, ProcessUsage> after = cluster.usage();
    double clientCpu = clientCpuSeconds() - clientCpuBefore;
    long acknowledgements = inboxes.calls() - acknowledgementsBefore;
    ClosedLoop.Figures figures = loop.stop();
    Map<String, Object> row = row(mode, inFlight, figures);
    row.put(
        "inbox_acknowledgements_per_second", Rows.rounded(acknowledgements / figures.seconds(), 1));
    usage(row, before, after, figures);
    row.put("client_cpu_cores", Rows.rounded(clientCpu / figures.seconds(), 2));
    if (!figures.failure().isOk()) {
      progress.says("the first failure: " + figures.failure());
    }
    if (!inboxes.failure().isOk()) {
      throw new IllegalStateException("An acknowledgement failed: " + inboxes.failure());
    }
    return row;
  }

  private void watch(ClosedLoop loop, String what) throws InterruptedException {
    long start = System.nanoTime();
    long end = start + options.measured().toNanos();
    for (long now = start; now - end < 0; now = System.nanoTime()) {
      long rest = Math.min(end - now, TimeUnit.MILLISECONDS.toNanos(TICK_MILLIS));
      TimeUnit.NANOSECONDS.sleep(rest);
      double seconds = (System.nanoTime() - start) / 1e9;
      progress.ticks(String.format("%s: %,.0f/s so far", what, loop.acceptedCount() / seconds));
    }
  }

  private static double clientCpuSeconds() {
    return ProcessUsage.of(ProcessHandle.current().pid()).cpuSeconds();
  }

  /** The columns that every load has. */
  static Map<String, Object> row(String mode, int inFlight, ClosedLoop.Figures figures) {
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("mode", mode);
    row.put("in_flight", inFlight);
    row.put("acknowledged_per_second", Rows.rounded(figures.acceptedPerSecond(), 1));
    latencies(row, "", figures.latencies());
    row.put("longest_gap_ms", Rows.rounded(figures.longestGapNanos() / NANOS_A_MILLI, 1));
    row.put("failed", figures.failed());
    return row;
  }

  /** Percentiles of a histogram in nanoseconds. */
  static void latencies(
      Map<String, Object> row, String prefix, org.HdrHistogram.Histogram latencies) {
    row.put(prefix + "p50_ms", millis(latencies.getValueAtPercentile(50)));
    row.put(prefix + "p99_ms", millis(latencies.getValueAtPercentile(99)));
    row.put(prefix + "p999_ms", millis(latencies.getValueAtPercentile(99.9)));
    row.put(prefix + "max_ms", millis(latencies.getMaxValue()));
  }

  private static double millis(long nanos) {
    return Rows.rounded(nanos / NANOS_A_MILLI, 3);
  }

  private void usage(
      Map<String, Object> row,
      Map<Integer, ProcessUsage> before,
      Map<Integer, ProcessUsage> after,
      ClosedLoop.Figures figures) {
    double cpu = 0;
    double written = 0;
    long rss = 0;
    for (Map.Entry<Integer, ProcessUsage> entry : after.entrySet()) {
      ProcessUsage now = entry.getValue();
      ProcessUsage then = before.getOrDefault(entry.getKey(), now);
      cpu += now.cpuSeconds() - then.cpuSeconds();
      written += now.writtenBytes() - then.writtenBytes();
      rss = Math.max(rss, now.rssBytes());
    }
    double payload = (double) figures.accepted() * options.textBytes();
    row.put("server_cpu_cores", Rows.rounded(cpu / figures.seconds(), 2));
    row.put("server_cpu_micros_per_message", Rows.rounded(cpu * 1e6 / figures.accepted(), 1));
    row.put("server_rss_mib_max", Rows.rounded(rss / MIB, 0));
    row.put("written_bytes_per_payload_byte", Rows.rounded(written / after.size() / payload, 1));
  }
}
