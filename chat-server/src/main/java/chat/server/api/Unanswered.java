package chat.server.api;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;

/**
 * Answers that are waited for, the oldest first. One sweep several times a second gives up what has
 * waited too long: a timer for each call costs more than the rest of its bookkeeping together.
 * Thread-safe.
 */
final class Unanswered {
  /** One call, by its identity. */
  private static final class Call {
    final CompletableFuture<?> result;
    final long sinceNanos;

    Call(CompletableFuture<?> result, long sinceNanos) {
      this.result = result;
      this.sinceNanos = sinceNanos;
    }
  }

  private final long timeoutNanos;
  private final Set<Call> calls = new LinkedHashSet<>();

  Unanswered(Duration timeout) {
    this.timeoutNanos = timeout.toNanos();
  }

  /**
   * What {@code answer} completes with, on its thread; or a {@link TimeoutException} if that takes
   * too long. It does not complete {@code answer}.
   */
  <T> CompletableFuture<T> within(CompletableFuture<T> answer) {
    CompletableFuture<T> result = new CompletableFuture<>();
    Call call = new Call(result, System.nanoTime());
    synchronized (calls) {
      calls.add(call);
    }
    var unused =
        answer.whenComplete(
            (value, failure) -> {
              synchronized (calls) {
                calls.remove(call);
              }
              if (failure == null) {
                result.complete(value);
              } else {
                result.completeExceptionally(failure);
              }
            });
    return result;
  }

  /** Gives up what has waited too long. */
  void sweep(long nowNanos) {
    List<Call> overdue = new ArrayList<>();
    synchronized (calls) {
      Iterator<Call> oldest = calls.iterator();
      while (oldest.hasNext()) {
        Call call = oldest.next();
        if (nowNanos - call.sinceNanos < timeoutNanos) {
          break;
        }
        overdue.add(call);
        oldest.remove();
      }
    }
    overdue.forEach(call -> call.result.completeExceptionally(new TimeoutException()));
  }
}
