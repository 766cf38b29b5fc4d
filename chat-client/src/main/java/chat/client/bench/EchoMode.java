package chat.client.bench;

import io.grpc.ManagedChannel;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code echo}: the ceiling of {@code send} and {@code stream}, one server that only answers. */
@Command(
    name = "echo",
    description = "The same calls to one server that only answers: what gRPC alone costs.",
    mixinStandardHelpOptions = true)
final class EchoMode implements Callable<Integer> {
  /** How the server runs calls. */
  enum Executor {
    /** On threads of its own, as the chat server does. */
    POOL,
    /** On the network's threads. */
    DIRECT
  }

  /** How messages are sent. */
  enum Call {
    SEND,
    STREAM
  }

  private final Bench bench;
  @Mixin private BenchOptions options = new BenchOptions();

  @Option(names = "--executor", paramLabel = "pool|direct", description = "Where calls run.")
  private Executor executor = Executor.POOL;

  @Option(names = "--call", paramLabel = "send|stream", description = "Unary or streams.")
  private Call call = Call.SEND;

  EchoMode(Bench bench) {
    this.bench = bench;
  }

  @Override
  public Integer call() throws InterruptedException {
    Progress progress = bench.progress();
    Rows rows = bench.rows(options);
    List<Account> accounts =
        IntStream.range(0, options.accounts())
            .mapToObj(i -> new Account("account" + i, token()))
            .toList();
    try (EchoProcess server = EchoProcess.start(Words.lower(executor))) {
      List<ManagedChannel> channels =
          IntStream.range(0, options.channels())
              .mapToObj(i -> Calls.connect(server.address()))
              .toList();
      Load load =
          new Load(accounts, () -> Map.of(1, ProcessUsage.of(server.pid())), options, progress);
      try (Sending sending = sending(channels, Load.HEATING_IN_FLIGHT)) {
        load.heat(sending, (account, id) -> {}, options.heating());
      }
      boolean first = true;
      for (int count : options.inFlight(1, 64, 512)) {
        try (Sending sending = sending(channels, count)) {
          Map<String, Object> row =
              load.run("echo", count, sending, (account, id) -> {}, options.warmUp(first));
          row.put("call", Words.lower(call));
          row.put("executor", Words.lower(executor));
          row.put("channels", options.channels());
          rows.print(row);
        }
        first = false;
      }
      channels.forEach(ManagedChannel::shutdownNow);
    }
    return 0;
  }

  /** As long as a session's. */
  private static String token() {
    return String.join("", Collections.nCopies(43, "t"));
  }

  private Sending sending(List<ManagedChannel> channels, int count) {
    return switch (call) {
      case SEND -> new UnarySending(channels, token());
      case STREAM -> new StreamSending(channels, token(), StreamSending.streams(count));
    };
  }
}
