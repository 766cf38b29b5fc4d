package chat.client.bench;

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/**
 * Starts three servers and measures them. Figures, not tests: the exit code is 0 whatever they are,
 * unless something could not be measured.
 */
@Command(
    name = "bench",
    description = {
      "Starts three servers on free ports, measures, and ends them.",
      "Figures go to standard output, what is going on to standard error."
    },
    subcommands = {SendModes.Unary.class, SendModes.Stream.class},
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "MODE")
public final class Bench {
  private static final String TERMINAL = "bench.terminal";

  private final PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
  private final Progress progress =
      new Progress(
          new PrintStream(System.err, true, StandardCharsets.UTF_8), Boolean.getBoolean(TERMINAL));

  public static void main(String[] args) {
    System.exit(
        new CommandLine(new Bench()).setCaseInsensitiveEnumValuesAllowed(true).execute(args));
  }

  Progress progress() {
    return progress;
  }

  Rows rows(BenchOptions options) {
    return new Rows(out, progress, options.json());
  }
}
