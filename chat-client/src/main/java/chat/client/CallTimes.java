package chat.client;

import java.time.Duration;

/**
 * The figures of patience.
 *
 * @param attempt how long one attempt may take before it is repeated on whoever is primary then
 * @param whole how long a call may take, all attempts together
 * @param streamDead a stream that is silent for so long is dead (servers beat every second)
 * @param backoffReset how often connection back-off is cut short while no primary is known
 * @param connectionCheck how long an idle connection stays unproven; gRPC's least is 10 s
 */
record CallTimes(
    Duration attempt,
    Duration whole,
    Duration streamDead,
    Duration backoffReset,
    Duration connectionCheck) {
  static final CallTimes DEFAULT =
      new CallTimes(
          Duration.ofSeconds(2),
          Duration.ofSeconds(15),
          Duration.ofSeconds(3),
          Duration.ofMillis(200),
          Duration.ofSeconds(10));

  CallTimes withWhole(Duration longer) {
    return new CallTimes(attempt, longer, streamDead, backoffReset, connectionCheck);
  }

  CallTimes withAttempt(Duration other) {
    return new CallTimes(other, whole, streamDead, backoffReset, connectionCheck);
  }

  CallTimes withStreamDead(Duration other) {
    return new CallTimes(attempt, whole, other, backoffReset, connectionCheck);
  }
}
