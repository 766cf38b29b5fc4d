package chat.client.chaos;

import chat.client.NetworkNamespaces;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The command line of a run. The exit code is 0 only if the service kept its word. */
@Command(
    name = "run/chaos",
    description =
        "Real servers under real traffic, and random faults: does the service keep its word? As"
            + " root each server is on a host of its own, a network namespace.",
    sortOptions = false,
    mixinStandardHelpOptions = true)
public final class Chaos implements Callable<Integer> {
  @Option(
      names = "--minutes",
      defaultValue = "2",
      description = "How long faults go on. Default: ${DEFAULT-VALUE}.")
  private double minutes;

  @Option(names = "--seed", description = "Decides every fault. Default: by chance, printed.")
  private @Nullable Long seed;

  @Option(
      names = "--size",
      defaultValue = "3",
      description = "So many servers. Default: ${DEFAULT-VALUE}.")
  private int size;

  @Option(
      names = "--rate",
      defaultValue = "200",
      description = "Messages a second, all senders together. Default: ${DEFAULT-VALUE}.")
  private int rate;

  @Option(
      names = "--only",
      paramLabel = "FAULT",
      description =
          "One fault, again and again: kill-primary, stop-primary, drop-primary, full-disk,"
              + " torn-log, flipped-bit or restart-storm.")
  private @Nullable String only;

  @Option(
      names = "--reject",
      description =
          "The primary's host answers for it that there is nobody, again and again. This is outside"
              + " of what the design withstands, and of the exit code.")
  private boolean reject;

  @Option(
      names = "--rounds",
      defaultValue = "100",
      description = "How often, with --only. Default: ${DEFAULT-VALUE}.")
  private int rounds;

  @Option(names = "--loopback", description = "No hosts of their own, even if root.")
  private boolean loopback;

  @Option(names = "--keep", description = "Keep data, logs and history also if all is well.")
  private boolean keep;

  private final PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);

  public static void main(String[] args) {
    System.exit(new CommandLine(new Chaos()).execute(args));
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    Optional<String> missing =
        loopback ? Optional.of("--loopback is given") : NetworkNamespaces.missing();
    ChaosOptions options =
        new ChaosOptions(
            seed != null ? seed : ThreadLocalRandom.current().nextInt(1_000_000),
            Duration.ofMillis((long) (minutes * 60_000)),
            size,
            rate,
            only(),
            rounds,
            missing.isEmpty(),
            keep);
    missing.ifPresent(
        what -> out.println("All servers on one host, no cut networks and full disks: " + what));
    return runAndTell(options, out).isGood() || reject ? 0 : 1;
  }

  private ChaosOptions.@Nullable Only only() {
    if (reject) {
      return ChaosOptions.Only.REJECT_PRIMARY;
    }
    return only == null
        ? null
        : ChaosOptions.Only.valueOf(only.toUpperCase(Locale.ROOT).replace('-', '_'));
  }

  /** Runs, prints the verdict, and keeps what explains a bad one. */
  static Verdict runAndTell(ChaosOptions options, PrintStream out)
      throws IOException, InterruptedException {
    Path directory = Files.createTempDirectory("chat-chaos-");
    out.println("seed " + options.seed() + ", everything in " + directory);
    Verdict verdict;
    try {
      verdict = ChaosRun.run(options, directory, out);
    } catch (IOException | RuntimeException e) {
      out.println("The run could not go on; all of it is kept in " + directory);
      throw e;
    }
    verdict.print(out);
    if (verdict.isGood() && !options.keep()) {
      delete(directory);
    } else {
      out.println("History, logs and data are kept in " + directory);
    }
    return verdict;
  }

  private static void delete(Path directory) throws IOException {
    List<Path> all;
    try (var paths = Files.walk(directory)) {
      all = paths.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path path : all) {
      Files.deleteIfExists(path);
    }
  }
}
