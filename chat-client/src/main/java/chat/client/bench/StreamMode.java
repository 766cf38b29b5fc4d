package chat.client.bench;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code stream}: how many sends a second are acknowledged on {@code SendMessages} streams. */
@Command(
    name = "stream",
    description = "Messages pipelined on streams of one session.",
    mixinStandardHelpOptions = true)
final class StreamMode implements Callable<Integer> {
  private final Bench bench;
  @Mixin private BenchOptions options = new BenchOptions();

  @Option(
      names = "--streams",
      paramLabel = "N",
      description =
          "Streams that the messages go through (default: as few as the service's window of "
              + StreamSending.WINDOW
              + " messages a stream allows).")
  private int streams;

  StreamMode(Bench bench) {
    this.bench = bench;
  }

  @Override
  public Integer call() throws InterruptedException {
    new SendRows(bench, "stream", options)
        .print(
            options.inFlight(64, 512),
            (channels, token, inFlight) ->
                new StreamSending(
                    channels, token, streams > 0 ? streams : StreamSending.streams(inFlight)));
    return 0;
  }
}
