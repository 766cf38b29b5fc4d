package chat.client.bench;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code send}: how many unary sends a second are acknowledged, and how soon. */
@Command(
    name = "send",
    description = "Unary calls, each of which is one message.",
    mixinStandardHelpOptions = true)
final class SendMode implements Callable<Integer> {
  private final Bench bench;
  @Mixin private BenchOptions options = new BenchOptions();

  SendMode(Bench bench) {
    this.bench = bench;
  }

  @Override
  public Integer call() throws InterruptedException {
    new SendRows(bench, "send", options)
        .print(
            options.inFlight(1, 64, 512),
            (channels, token, inFlight) -> new UnarySending(channels, token));
    return 0;
  }
}
