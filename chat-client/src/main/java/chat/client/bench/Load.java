package chat.client.bench;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongFunction;
import java.util.function.Supplier;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/** Runs closed loops and makes rows of what they came to. Controlled by one thread. */
final class Load {
  /** Under which virtual machines compile what is hot: enough to keep two cores busy. */
  static final int HEATING_IN_FLIGHT = 64;

  private static final double NANOS_A_MILLI = 1e6;
  private static final double MIB = 1 << 20;
  private static final double NANOS_A_SECOND = 1e9;
  private static final long TICK_MILLIS = 200;
  private static final Duration FOR_EVER = Duration.ofDays(365);

  private final List<Account> recipients;
  private final Supplier<Map<Integer, ProcessUsage>> usage;
  private final BenchOptions options;
  private final Progress progress;
  private LongFunction<String> text;
  private Runnable whenMeasuring = () -> {};
  private ClosedLoop.@Nullable Figures last;
  private long acceptedWithWarmUp;
  private double secondsWithWarmUp;

  /**
   * Loads of a cluster.
   *
   * @param usage what the servers have used so far, by their numbers
   */
  Load(
      List<Account> recipients,
      Supplier<Map<Integer, ProcessUsage>> usage,
      BenchOptions options,
      Progress progress) {
    this.recipients = recipients;
    this.usage = usage;
    this.options = options;
    this.progress = progress;
    String same = "x".repeat(options.textBytes());
    this.text = sentNanos -> same;
  }

  /** Has texts tell when they were sent, and somebody hear of the moment from which they count. */
  void timed(Runnable measuring) {
    this.text = sentNanos -> Receivers.text(sentNanos, options.textBytes());
    this.whenMeasuring = measuring;
  }

  /** How many messages of the last run were accepted in the time that was measured. */
  long accepted() {
    return last == null ? 0 : last.accepted();
  }

  /** How many were accepted in all. */
  long acceptedWithWarmUp() {
    return acceptedWithWarmUp;
  }

  /** How long the last run took in all. */
  double secondsWithWarmUp() {
    return secondsWithWarmUp;
  }

  /** Runs a load for that time, and measures nothing. */
  void heat(Sending sending, Arrivals arrivals, Duration time) throws InterruptedException {
    if (time.isZero()) {
      return;
    }
    String what = HEATING_IN_FLIGHT + " in flight for " + time.toSeconds() + " s";
    progress.says("heating: " + what + ", so that what is measured is compiled");
    ClosedLoop loop = new ClosedLoop(sending, recipients, arrivals, text);
    loop.start(HEATING_IN_FLIGHT);
    TimeUnit.NANOSECONDS.sleep(time.toNanos());
    loop.stop();
  }

  /**
   * Runs a load for the time of the options.
   *
   * @param arrivals hears of every message that is accepted
   */
  Map<String, Object> run(
      String mode, int inFlight, Sending sending, Arrivals arrivals, Duration warmUp)
      throws InterruptedException {
    return run(mode, inFlight, sending, arrivals, warmUp, options.measured(), Long.MAX_VALUE);
  }

  /**
   * Runs a load until so many messages have been accepted, the warm-up's among them.
   *
   * @param arrivals hears of every message that is accepted
   */
  Map<String, Object> runUntil(
      long messages, String mode, int inFlight, Sending sending, Arrivals arrivals, Duration warmUp)
      throws InterruptedException {
    return run(mode, inFlight, sending, arrivals, warmUp, FOR_EVER, messages);
  }

  private Map<String, Object> run(
      String mode,
      int inFlight,
      Sending sending,
      Arrivals arrivals,
      Duration warmUp,
      Duration measured,
      long messagesMax)
      throws InterruptedException {
    long beginNanos = System.nanoTime();
    ClosedLoop loop = new ClosedLoop(sending, recipients, arrivals, text);
    String what = mode + ", " + inFlight + " in flight";
    progress.says(what + ": warm-up of " + warmUp.toSeconds() + " s, then the measurement");
    loop.start(inFlight);
    TimeUnit.NANOSECONDS.sleep(warmUp.toNanos());
    Map<Integer, ProcessUsage> before = usage.get();
    double clientCpuBefore = clientCpuSeconds();
    // In this order: what the loop counts, the receivers count as well.
    whenMeasuring.run();
    loop.measure();
    watch(loop, what, measured, messagesMax);
    Map<Integer, ProcessUsage> after = usage.get();
    double clientCpu = clientCpuSeconds() - clientCpuBefore;
    ClosedLoop.Figures figures = loop.stop();
    secondsWithWarmUp = (System.nanoTime() - beginNanos) / NANOS_A_SECOND;
    acceptedWithWarmUp = loop.acceptedBeforeCount() + figures.accepted();
    last = figures;
    Map<String, Object> row = row(mode, inFlight, figures);
    usage(row, before, after, figures);
    row.put("client_cpu_cores", Rows.rounded(clientCpu / figures.seconds(), 2));
    if (figures.failed() > 0) {
      progress.says("the first failure: " + figures.failure());
    }
    return row;
  }

  private void watch(ClosedLoop loop, String what, Duration measured, long messagesMax)
      throws InterruptedException {
    long start = System.nanoTime();
    long end = start + measured.toNanos();
    long tick = TimeUnit.MILLISECONDS.toNanos(TICK_MILLIS);
    for (long now = start; now - end < 0; now = System.nanoTime()) {
      TimeUnit.NANOSECONDS.sleep(Math.min(end - now, tick));
      long count = loop.acceptedCount();
      double seconds = (System.nanoTime() - start) / NANOS_A_SECOND;
      progress.ticks(String.format("%s: %,.0f/s so far", what, count / seconds));
      if (count + loop.acceptedBeforeCount() >= messagesMax) {
        return;
      }
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
  static void latencies(Map<String, Object> row, String prefix, Histogram latencies) {
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
    row.put("server_rss_mib_max", Rows.rounded(rss / MIB, 0));
    row.put("server_cpu_micros_per_message", Rows.rounded(cpu * 1e6 / figures.accepted(), 1));
    row.put("written_bytes_per_payload_byte", Rows.rounded(written / after.size() / payload, 1));
  }
}
