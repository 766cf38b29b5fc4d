package chat.client.bench;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What the modes have in common. */
final class BenchOptions {
  /** How the figures are printed. */
  enum Output {
    TEXT,
    JSON
  }

  /** As the peers' harness has it. */
  private static final int WARM_UP_SECONDS_MIN = 3;

  /** Before the first row of a mode, which may be the first to use what it measures. */
  private static final int FIRST_WARM_UP_SECONDS = 10;

  @Option(
      names = "--in-flight",
      split = ",",
      paramLabel = "N",
      description = "Messages in flight; several, separated by commas, make a row each.")
  private List<Integer> inFlight = List.of();

  @Option(
      names = "--seconds",
      defaultValue = "8",
      description = "Time measured for each row (default: ${DEFAULT-VALUE}).")
  private int seconds;

  @Option(
      names = "--warm-up",
      paramLabel = "SECONDS",
      description =
          "Time before it, under the same load (default: half of --seconds and at least 3, but 10"
              + " before the first row).")
  private @Nullable Integer warmUpSeconds;

  @Option(
      names = "--heating",
      paramLabel = "SECONDS",
      defaultValue = "30",
      description =
          "Time before the first row of a run with "
              + Load.HEATING_IN_FLIGHT
              + " messages in flight, in which virtual machines compile what is hot (default:"
              + " ${DEFAULT-VALUE}; only in send, stream, fanout and echo). With 0 it is the first minute of"
              + " servers just started that is measured.")
  private int heatingSeconds;

  @Option(
      names = "--accounts",
      defaultValue = "1000",
      description = "Recipients (default: ${DEFAULT-VALUE}).")
  private int accounts;

  @Option(
      names = "--text-bytes",
      defaultValue = "100",
      description = "Length of a message's text (default: ${DEFAULT-VALUE}).")
  private int textBytes;

  @Option(
      names = "--acknowledge-every",
      paramLabel = "N",
      defaultValue = "64",
      description =
          "A recipient acknowledges so many messages at a time (default: ${DEFAULT-VALUE}).")
  private int acknowledgeEvery;

  @Option(
      names = "--channels",
      paramLabel = "N",
      defaultValue = "1",
      description = "Connections that the messages go through (default: ${DEFAULT-VALUE}).")
  private int channels;

  @Option(
      names = "--output",
      paramLabel = "text|json",
      description = "A table, or a JSON object a row (default: text).")
  private Output output = Output.TEXT;

  List<Integer> inFlight(Integer... usual) {
    return inFlight.isEmpty() ? List.of(usual) : inFlight;
  }

  Duration measured() {
    return Duration.ofSeconds(seconds);
  }

  Duration warmUp(boolean first) {
    if (warmUpSeconds != null) {
      return Duration.ofSeconds(warmUpSeconds);
    }
    int usual = Math.max(WARM_UP_SECONDS_MIN, seconds / 2);
    return Duration.ofSeconds(first ? Math.max(FIRST_WARM_UP_SECONDS, usual) : usual);
  }

  Duration heating() {
    return Duration.ofSeconds(heatingSeconds);
  }

  int accounts() {
    return accounts;
  }

  int textBytes() {
    return textBytes;
  }

  int acknowledgeEvery() {
    return acknowledgeEvery;
  }

  int channels() {
    return channels;
  }

  boolean json() {
    return output == Output.JSON;
  }
}
