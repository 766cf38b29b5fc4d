package chat.server.api;

import java.time.Duration;

/**
 * How many calls may be open at a time, and for how long nobody has to take an answer. Immutable.
 *
 * @param callsMax calls of the service, other than streams, open at this server before {@code
 *     OVERLOADED}; those that wait for a thread count
 * @param callsPerConnectionMax calls and streams open on one connection; gRPC clients hold back
 *     what is beyond
 * @param sendStreamsPerAccountMax {@code SendMessages} streams of one account (it has one {@code
 *     ReceiveMessages} stream at most)
 * @param answerBytesMax bytes of answers to reads that clients have not taken yet
 * @param answerTakenWithin a read whose answer was not taken by then is cancelled
 * @param stallMax a receiver that took nothing for so long, while there was something, loses its
 *     stream and comes back by its cursor
 */
public record CallLimits(
    int callsMax,
    int callsPerConnectionMax,
    int sendStreamsPerAccountMax,
    long answerBytesMax,
    Duration answerTakenWithin,
    Duration stallMax) {

  /** What the flags say by default. */
  public static final CallLimits DEFAULT =
      new CallLimits(
          8_192,
          2_000,
          64,
          Math.max(8L << 20, Runtime.getRuntime().maxMemory() / 6),
          Duration.ofSeconds(60),
          Duration.ofSeconds(60));

  /** Refuses bounds that would let nothing through. */
  public CallLimits {
    if (callsMax < 1
        || callsPerConnectionMax < 1
        || sendStreamsPerAccountMax < 1
        || answerBytesMax < 1
        || answerTakenWithin.toMillis() < 1
        || stallMax.toMillis() < 1) {
      throw new IllegalArgumentException("a limit of calls must be positive");
    }
  }
}
