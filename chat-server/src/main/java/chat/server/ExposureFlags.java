package chat.server;

import chat.server.api.CallLimits;
import chat.server.api.Throttling;
import java.time.Duration;
import java.util.function.Supplier;
import picocli.CommandLine.Option;

/** Flags that bound what one account, one address or one connection may do. */
final class ExposureFlags {
  @Option(
      names = "--messages-per-second",
      paramLabel = "COUNT",
      defaultValue = "50000",
      description =
          "Messages of one account a second; beyond, RATE_LIMITED. 0: no limit. Default:"
              + " ${DEFAULT-VALUE}.")
  private int messagesPerSecond;

  @Option(
      names = "--messages-burst",
      paramLabel = "COUNT",
      defaultValue = "50000",
      description =
          "Messages of one account at once, before that rate counts. Default: ${DEFAULT-VALUE}.")
  private int messagesBurst;

  @Option(
      names = "--accounts-per-minute",
      paramLabel = "COUNT",
      defaultValue = "60",
      description =
          "Accounts made from one address a minute; beyond, RATE_LIMITED. 0: no limit. Default:"
              + " ${DEFAULT-VALUE}.")
  private int accountsPerMinute;

  @Option(
      names = "--accounts-burst",
      paramLabel = "COUNT",
      defaultValue = "1000",
      description =
          "Accounts made from one address at once, before that rate counts. Default:"
              + " ${DEFAULT-VALUE}.")
  private int accountsBurst;

  @Option(
      names = "--login-failures-free",
      paramLabel = "COUNT",
      defaultValue = "5",
      description =
          "Wrong passwords for one account from one address that cost no wait; then 1 s, doubling up"
              + " to 60 s. 0: never a wait. Default: ${DEFAULT-VALUE}.")
  private int loginFailuresFree;

  @Option(
      names = "--calls-max",
      paramLabel = "COUNT",
      defaultValue = "8192",
      description =
          "Calls open at this server, streams not counted; beyond, OVERLOADED. Default:"
              + " ${DEFAULT-VALUE}.")
  private int callsMax;

  @Option(
      names = "--calls-per-connection",
      paramLabel = "COUNT",
      defaultValue = "2000",
      description =
          "Calls and streams open on one connection; clients hold back what is beyond. Default:"
              + " ${DEFAULT-VALUE}.")
  private int callsPerConnection;

  @Option(
      names = "--send-streams-per-account",
      paramLabel = "COUNT",
      defaultValue = "64",
      description =
          "SendMessages streams of one account; beyond, RATE_LIMITED. Default: ${DEFAULT-VALUE}.")
  private int sendStreamsPerAccount;

  @Option(
      names = "--streams-max",
      paramLabel = "COUNT",
      defaultValue = "20000",
      description = "Streams open at this server; beyond, OVERLOADED. Default: ${DEFAULT-VALUE}.")
  private int streamsMax;

  @Option(
      names = "--receiver-stall-seconds",
      paramLabel = "SECONDS",
      defaultValue = "60",
      description =
          "A receiver that takes nothing for so long, while there is something, loses its stream"
              + " (SLOW_RECEIVER) and comes back by its cursor. Default: ${DEFAULT-VALUE}.")
  private int receiverStallSeconds;

  /** How often one account or one address may do what costs others something. */
  Throttling throttling() {
    return checked(
        () ->
            new Throttling(
                messagesPerSecond,
                messagesBurst,
                accountsPerMinute,
                accountsBurst,
                loginFailuresFree));
  }

  /** How many calls may be open. */
  CallLimits calls() {
    return checked(
        () ->
            new CallLimits(
                callsMax,
                callsPerConnection,
                sendStreamsPerAccount,
                CallLimits.DEFAULT.answerBytesMax(),
                CallLimits.DEFAULT.answerTakenWithin(),
                Duration.ofSeconds(receiverStallSeconds)));
  }

  int streamsMax() {
    if (streamsMax < 1) {
      throw new UsageException("--streams-max must be at least 1, not " + streamsMax + ".");
    }
    return streamsMax;
  }

  private static <T> T checked(Supplier<T> limits) {
    try {
      return limits.get();
    } catch (IllegalArgumentException e) {
      throw new UsageException("A limit of the flags makes no sense: " + e.getMessage() + ".");
    }
  }
}
