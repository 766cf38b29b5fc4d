package chat.client;

import chat.common.ErrorReason;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;

/** Waits for futures of calls, and says what went wrong in the caller's own stack. */
final class Answers {
  private Answers() {}

  /**
   * The answer, or the {@link ChatException} that came instead.
   *
   * @param requestId what an interrupted write may be asked again with; empty for a read
   */
  static <T> T await(CompletableFuture<T> future, String requestId) {
    try {
      return future.get();
    } catch (InterruptedException e) {
      future.cancel(true);
      Thread.currentThread().interrupt();
      if (!requestId.isEmpty()) {
        throw new OutcomeUnknownException(
            requestId,
            "Interrupted before the answer came; ask again with request id " + requestId + ".",
            e);
      }
      throw new ChatException(
          ErrorReason.OUTCOME_UNKNOWN, "Interrupted before the answer came.", e);
    } catch (CancellationException e) {
      throw new ChatException(ErrorReason.OUTCOME_UNKNOWN, "The call was cancelled.", e);
    } catch (ExecutionException e) {
      throw exception(e);
    }
  }

  /** What a future failed with, as an exception of this library. */
  static ChatException exception(Throwable failure) {
    Throwable cause = failure;
    while ((cause instanceof ExecutionException || cause instanceof CompletionException)
        && cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause instanceof ChatException known
        ? known
        : new ChatException(ErrorReason.INTERNAL, "A bug of the client: " + cause, cause);
  }
}
