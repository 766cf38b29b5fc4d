package chat.server.api;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** Answers a unary call with what a future brings. Stateless. */
final class UnaryCall {
  private UnaryCall() {}

  /**
   * Runs the work and answers with its result or with the status of its failure.
   *
   * @param repeatable whether the request may be repeated blindly when its outcome is unknown
   */
  static <T> void answer(
      StreamObserver<T> observer, boolean repeatable, Supplier<CompletableFuture<T>> work) {
    if (observer instanceof ServerCallStreamObserver<T> call) {
      // With a handler set, answering a call that the client has given up does not throw.
      call.setOnCancelHandler(() -> {});
    }
    CallGate.OpenCall open = CallGate.current();
    CompletableFuture<T> answer;
    try {
      answer = work.get();
    } catch (RuntimeException e) {
      answer = CompletableFuture.failedFuture(e);
    }
    var unused =
        answer.whenComplete(
            (response, failure) -> {
              if (failure != null) {
                observer.onError(ErrorMapping.status(failure, repeatable));
              } else if (open != null && !open.mayAnswer(response)) {
                // Clients do not take their answers: this one would be kept for long.
                observer.onError(ErrorMapping.status(new BackendException.Overloaded(), true));
              } else {
                observer.onNext(response);
                observer.onCompleted();
              }
            });
  }
}
