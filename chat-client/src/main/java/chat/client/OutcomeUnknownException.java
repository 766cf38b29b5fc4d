package chat.client;

import chat.common.ErrorReason;
import org.jspecify.annotations.Nullable;

/**
 * The deadline passed and nobody said whether the write was applied. Asking again with the same
 * content and the same {@link #requestId} within 24 hours gives the definite answer and never
 * applies it twice.
 */
public final class OutcomeUnknownException extends ChatException {
  private static final long serialVersionUID = 1L;

  private final String requestId;

  OutcomeUnknownException(String requestId, String sentence, @Nullable Throwable cause) {
    super(ErrorReason.OUTCOME_UNKNOWN, sentence, cause);
    this.requestId = requestId;
  }

  /** The id to ask again with. */
  public String requestId() {
    return requestId;
  }
}
