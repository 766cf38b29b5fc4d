package chat.client.bench;

import io.grpc.ManagedChannel;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** {@code send} and {@code stream}: how many messages a second are accepted, and how soon. */
final class SendModes {
  private static final int UNARY_USUALLY_MIN = 1;
  private static final int USUALLY = 64;
  private static final int USUALLY_MAX = 512;

  private SendModes() {}

  private interface How {
    Sending sending(List<ManagedChannel> channels, String token, int inFlight);
  }

  @Command(
      name = "send",
      description = "Unary calls, each of which is one message.",
      mixinStandardHelpOptions = true)
  static final class Unary implements Callable<Integer> {
    @ParentCommand private Bench bench = new Bench();
    @Mixin private BenchOptions options = new BenchOptions();

    @Override
    public Integer call() throws InterruptedException {
      List<Integer> inFlight = options.inFlight(UNARY_USUALLY_MIN, USUALLY, USUALLY_MAX);
      return run(
          bench,
          "send",
          options,
          inFlight,
          (channels, token, count) -> new UnarySending(channels, token));
    }
  }

  @Command(
      name = "stream",
      description = "Messages pipelined on streams of one session.",
      mixinStandardHelpOptions = true)
  static final class Stream implements Callable<Integer> {
    @ParentCommand private Bench bench = new Bench();
    @Mixin private BenchOptions options = new BenchOptions();

    @Option(
        names = "--streams",
        paramLabel = "N",
        description =
            "Streams that the messages go through (default: as few as the service's window of "
                + StreamSending.WINDOW
                + " messages a stream allows).")
    private int streams;

    @Override
    public Integer call() throws InterruptedException {
      return run(
          bench,
          "stream",
          options,
          options.inFlight(USUALLY, USUALLY_MAX),
          (channels, token, count) -> new StreamSending(channels, token, streams(count)));
    }

    private int streams(int inFlight) {
      return streams > 0 ? streams : (inFlight + StreamSending.WINDOW - 1) / StreamSending.WINDOW;
    }
  }

  private static int run(
      Bench bench, String mode, BenchOptions options, List<Integer> inFlight, How how)
      throws InterruptedException {
    Progress progress = bench.progress();
    Rows rows = bench.rows(options);
    try (BenchCluster cluster = BenchCluster.start(progress)) {
      List<Account> accounts = cluster.makeAccounts(options.accounts(), progress);
      String token = accounts.get(0).token();
      List<ManagedChannel> channels = cluster.channels(options.channels());
      Load load = new Load(cluster, options, progress);
      boolean first = true;
      for (int count : inFlight) {
        Inboxes inboxes = new Inboxes(channels.get(0), accounts, options.acknowledgeEvery());
        try (Sending sending = how.sending(channels, token, count)) {
          rows.print(load.run(mode, count, sending, inboxes, options.warmUp(first)));
        }
        first = false;
      }
    }
    return 0;
  }
}
