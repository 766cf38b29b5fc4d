package chat.client.bench;

import io.grpc.ManagedChannel;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
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
  private boolean heated;

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
      // By their classes: a mode that is named twice is made twice.
      return new CommandLine(bench, bench.new Modes())
          .addSubcommand(SendMode.class)
          .addSubcommand(StreamMode.class)
          .addSubcommand(EchoMode.class)
          .addSubcommand(FanoutMode.class)
          .addSubcommand(FailoverMode.class)
          .addSubcommand(GrowMode.class)
          .addSubcommand(StreamsMode.class)
          .setCaseInsensitiveEnumValuesAllowed(true)
          .setOut(new PrintWriter(out, true, StandardCharsets.UTF_8))
          .setErr(new PrintWriter(err, true, StandardCharsets.UTF_8))
          .execute(args);
    }
  }

  /** Makes what takes a bench, and everything else as picocli does. */
  private final class Modes implements CommandLine.IFactory {
    @Override
    public <K> K create(Class<K> type) throws Exception {
      try {
        return type.getDeclaredConstructor(Bench.class).newInstance(Bench.this);
      } catch (NoSuchMethodException e) {
        return CommandLine.defaultFactory().create(type);
      }
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

  /** Heats the servers of this run, once: what is measured afterwards is compiled. */
  void heat(BenchOptions options) throws InterruptedException {
    if (heated) {
      return;
    }
    heated = true;
    List<Account> accounts = cluster().accounts(options.accounts());
    List<ManagedChannel> channels = cluster().channels(options.channels());
    Load load = new Load(accounts, Map::of, options, progress);
    Inboxes inboxes = new Inboxes(channels.get(0), accounts, options.acknowledgeEvery());
    try (Sending sending = new UnarySending(channels, accounts.get(0).token())) {
      load.heat(sending, inboxes, options.heating());
      inboxes.check();
    }
  }

  @Override
  public void close() {
    if (cluster != null) {
      cluster.close();
    }
    progress.clear();
  }
}
