package chat.client.bench;

import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/**
 * Starts three servers and measures them. Figures, not tests: the exit code is 0 whatever they are,
 * unless something could not be measured.
 */
@Command(
    name = "bench",
    description = {
      "Starts three servers on free ports, measures, and ends them. Several modes, one after the",
      "other, share the servers: bench echo --in-flight 64 send --in-flight 64",
      "Figures go to standard output, what is going on to standard error."
    },
    mixinStandardHelpOptions = true,
    subcommandsRepeatable = true,
    synopsisSubcommandLabel = "MODE [flags] [MODE [flags]]...")
public final class Bench implements AutoCloseable {
  private static final String TERMINAL = "bench.terminal";

  private final PrintStream out;
  private final Progress progress;
  private @Nullable BenchCluster cluster;

  private Bench(PrintStream out, PrintStream err, boolean terminal) {
    this.out = out;
    this.progress = new Progress(err, terminal);
  }

  public static void main(String[] args) {
    System.exit(
        run(
            new PrintStream(System.out, true, StandardCharsets.UTF_8),
            new PrintStream(System.err, true, StandardCharsets.UTF_8),
            args));
  }

  /** Does what a command line says and returns the exit code. */
  static int run(PrintStream out, PrintStream err, String... args) {
    try (Bench bench = new Bench(out, err, Boolean.getBoolean(TERMINAL))) {
      return new CommandLine(bench)
          .addSubcommand(new SendMode(bench))
          .addSubcommand(new StreamMode(bench))
          .addSubcommand(new EchoMode(bench))
          .addSubcommand(new FanoutMode(bench))
          .addSubcommand(new FailoverMode(bench))
          .addSubcommand(new GrowMode(bench))
          .addSubcommand(new StreamsMode(bench))
          .setCaseInsensitiveEnumValuesAllowed(true)
          .setOut(new PrintWriter(out, true, StandardCharsets.UTF_8))
          .setErr(new PrintWriter(err, true, StandardCharsets.UTF_8))
          .execute(args);
    }
  }

  Progress progress() {
    return progress;
  }

  Rows rows(BenchOptions options) {
    return new Rows(out, progress, options.json());
  }

  /** The servers of this run, started when the first mode asks for them. */
  BenchCluster cluster() throws InterruptedException {
    if (cluster == null) {
      cluster = BenchCluster.start(progress);
    }
    return cluster;
  }

  @Override
  public void close() {
    if (cluster != null) {
      cluster.close();
    }
    progress.clear();
  }
}
