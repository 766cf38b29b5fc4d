package chat.client.bench;

import io.grpc.ManagedChannel;
import io.grpc.Status;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * {@code streams}: what thousands of open receivers cost. Messages are sent at a fixed rate, and a
 * latency counts from the time at which the message was due: nothing is omitted.
 */
@Command(
    name = "streams",
    description = "Memory and latency with many open receivers, at a fixed rate.",
    mixinStandardHelpOptions = true)
final class StreamsMode implements Callable<Integer> {
  private static final long OPEN_SECONDS_MAX = 120;
  private static final long RECEIVE_SECONDS_MAX = 60;
  private static final long POLL_MILLIS = 10;
  private static final double MIB = 1 << 20;
  private static final long NANOS_A_SECOND = 1_000_000_000;

  private final Bench bench;
  @Mixin private BenchOptions options = new BenchOptions();

  @Option(
      names = "--receivers",
      split = ",",
      paramLabel = "N",
      defaultValue = "1,1000,10000",
      description = "Open receivers; a row each (default: ${DEFAULT-VALUE}).")
  private List<Integer> receivers = List.of();

  @Option(
      names = "--rate",
      paramLabel = "N",
      defaultValue = "1000",
      description = "Messages a second, to receivers at random (default: ${DEFAULT-VALUE}).")
  private int rate;

  @Option(
      names = "--receiver-channels",
      paramLabel = "N",
      defaultValue = "100",
      description = "Connections that the receivers share (default: ${DEFAULT-VALUE}).")
  private int receiverChannels;

  StreamsMode(Bench bench) {
    this.bench = bench;
  }

  @Override
  public Integer call() throws InterruptedException {
    Rows rows = bench.rows(options);
    BenchCluster cluster = bench.cluster();
    int most = receivers.stream().mapToInt(Integer::intValue).max().orElseThrow();
    // The first one sends.
    List<Account> accounts = cluster.accounts(most + 1);
    for (int count : receivers) {
      rows.print(row(cluster, accounts.subList(1, count + 1), accounts.get(0)));
    }
    return 0;
  }

  private Map<String, Object> row(BenchCluster cluster, List<Account> listening, Account sender)
      throws InterruptedException {
    Progress progress = bench.progress();
    int count = listening.size();
    ManagedChannel channel = cluster.channels(1).get(0);
    Inboxes inboxes = new Inboxes(channel, listening, 1);
    progress.says("opening " + count + " receivers");
    long begin = System.nanoTime();
    int channels = Math.min(receiverChannels, count);
    List<ManagedChannel> receiving = new ArrayList<>(cluster.channels(channels));
    try (Receivers open = new Receivers(receiving, listening, inboxes);
        Sending sending = new StreamSending(List.of(channel), sender.token(), 1)) {
      open.awaitCaughtUp(OPEN_SECONDS_MAX);
      double openSeconds = (System.nanoTime() - begin) / 1e9;
      Pace pace = new Pace(sending, listening);
      progress.says(count + " receivers: warm-up");
      pace.run(options.warmUp(true).toNanos());
      progress.says(count + " receivers: measuring for " + options.measured().toSeconds() + " s");
      open.measure();
      long sent = pace.run(options.measured().toNanos());
      awaitReceived(open, sent, pace);
      Map<String, Object> row = new LinkedHashMap<>();
      row.put("mode", "streams");
      row.put("receivers", count);
      row.put("connections", channels);
      row.put("messages_per_second", rate);
      Load.latencies(row, "", open.latencies());
      row.put("open_seconds", Rows.rounded(openSeconds, 2));
      int primary = cluster.servers().primaryId();
      row.put(
          "primary_rss_mib",
          Rows.rounded(ProcessUsage.of(cluster.servers().pid(primary)).rssBytes() / MIB, 0));
      row.put("received", open.receivedCount());
      open.check();
      inboxes.check();
      return row;
    } finally {
      receiving.forEach(ManagedChannel::shutdownNow);
    }
  }

  private static void awaitReceived(Receivers open, long sent, Pace pace)
      throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(RECEIVE_SECONDS_MAX);
    while (open.receivedCount() < sent) {
      if (System.nanoTime() - deadline > 0) {
        throw new IllegalStateException(
            sent + " messages sent, " + open.receivedCount() + " received; " + pace.failure);
      }
      TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
    }
  }

  /** Sends at the rate, whatever the service does. */
  private final class Pace implements Sending.Receipt {
    private final Sending sending;
    private final List<Account> to;
    private final SplittableRandom random = new SplittableRandom(1);
    private final AtomicLong accepted = new AtomicLong();
    private final FirstFailure failure = new FirstFailure();

    private Pace(Sending sending, List<Account> to) {
      this.sending = sending;
      this.to = to;
    }

    /** Returns how many were sent. */
    private long run(long nanos) {
      long begin = System.nanoTime();
      long count = nanos / NANOS_A_SECOND * rate;
      for (long i = 0; i < count; i++) {
        long due = begin + i * NANOS_A_SECOND / rate;
        for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
          LockSupport.parkNanos(left);
        }
        String recipient = to.get(random.nextInt(to.size())).name();
        sending.send(0, recipient, Receivers.text(due, options.textBytes()), this);
      }
      return count;
    }

    @Override
    public void accepted(long messageId) {
      accepted.incrementAndGet();
    }

    @Override
    public void failed(Status status) {
      failure.note(status);
    }
  }
}
