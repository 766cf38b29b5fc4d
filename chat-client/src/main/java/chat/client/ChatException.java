package chat.client;

import chat.common.ErrorReason;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The service refused, or could not be asked. The message is one sentence that a person can act on;
 * {@link #reason} is for programs. A plain {@code ChatException} is definite: nothing was changed.
 * Its subclass {@link OutcomeUnknownException} is the exception to that for what has a request id;
 * with the reason {@link ErrorReason#OUTCOME_UNKNOWN}, so are a login, a logout and an
 * acknowledgement, which do no harm when they are repeated.
 */
public class ChatException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final ErrorReason reason;
  private final transient Map<String, String> metadata;
  private final @Nullable Duration retryAfter;

  /** An error with no details. */
  public ChatException(ErrorReason reason, String sentence, @Nullable Throwable cause) {
    this(reason, sentence, Map.of(), null, cause);
  }

  ChatException(
      ErrorReason reason,
      String sentence,
      Map<String, String> metadata,
      @Nullable Duration retryAfter,
      @Nullable Throwable cause) {
    super(sentence, cause);
    this.reason = reason;
    this.metadata = Map.copyOf(metadata);
    this.retryAfter = retryAfter;
  }

  public ErrorReason reason() {
    return reason;
  }

  /** What the server added to the reason, such as a count; empty if nothing. */
  public Map<String, String> metadata() {
    // Null only after Java serialization, which nobody should use.
    return metadata == null ? Map.of() : metadata;
  }

  /** How long the server asks to wait before the next try; null if it does not say. */
  public @Nullable Duration retryAfter() {
    return retryAfter;
  }

  @Override
  public String getMessage() {
    String message = super.getMessage();
    return message == null ? reason.name() : message;
  }
}
