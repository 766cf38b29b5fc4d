package chat.server.api;

import chat.common.ErrorReason;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A refusal on its way to the client: what {@link ErrorMapping} turns into a status. Immutable.
 *
 * @param reason decides the gRPC status code
 * @param text a sentence a person can act on
 * @param metadata metadata of the {@code ErrorInfo}
 * @param violations fields of the request that are wrong; empty where none is
 * @param retryAfter when trying again makes sense; empty where it does not
 */
record Refusal(
    ErrorReason reason,
    String text,
    Map<String, String> metadata,
    List<Violation> violations,
    Optional<Duration> retryAfter) {

  /**
   * A field of the request that is wrong.
   *
   * @param field its name in the protocol file
   * @param description what is wrong with it
   */
  record Violation(String field, String description) {}

  static Refusal of(ErrorReason reason, String text) {
    return new Refusal(reason, text, Map.of(), List.of(), Optional.empty());
  }

  static Refusal retryable(ErrorReason reason, String text, Duration after) {
    return new Refusal(reason, text, Map.of(), List.of(), Optional.of(after));
  }

  static Refusal badField(ErrorReason reason, String field, String description) {
    return new Refusal(
        reason,
        description,
        Map.of(),
        List.of(new Violation(field, description)),
        Optional.empty());
  }

  RefusedException asException() {
    return new RefusedException(this);
  }
}
