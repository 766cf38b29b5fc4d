package chat.server.api;

import chat.common.ErrorReason;
import chat.v1.SendMessageResponse;
import chat.v1.SendMessagesRequest;
import chat.v1.SendMessagesResponse;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One {@code SendMessages} call: up to {@link Limits#sendWindow} messages are on their way at once.
 *
 * <p>Messages are proposed on the thread that receives them, in their order. Flow control works
 * backwards from the client's reading: a message is asked for when an earlier one has been answered
 * and the answer could be sent, so neither proposals nor answers pile up here.
 *
 * <p>An error that concerns one message is its answer, and the stream goes on. An error after which
 * the client must come back (not primary, overloaded, too fast, session gone) ends the stream: if
 * it went on, a later message could be accepted before the repeat of an earlier one. Those that
 * have been proposed by then and are not appended yet are refused for the same reason when their
 * turn comes.
 */
final class SendPipeline implements StreamObserver<SendMessagesRequest> {
  /** Sends messages of one account. */
  interface Sender extends AutoCloseable {
    /** Sends one message. Throws or fails with what {@link ErrorMapping} knows. */
    CompletableFuture<SendMessageResponse> send(
        SendMessagesRequest request, BooleanSupplier wanted);

    /** The stream is over. */
    @Override
    void close();
  }

  private final ServerCallStreamObserver<SendMessagesResponse> call;
  private final CompletableFuture<Sender> sender;
  private final SerialExecutor answers;

  /** Set by the first failure that ends the stream, on whichever thread: nothing is sent after. */
  private volatile boolean broken;

  // Touched by tasks of `answers` alone.
  private int unanswered;
  private int owedRequests;
  private boolean halfClosed;
  private boolean over;

  SendPipeline(
      ServerCallStreamObserver<SendMessagesResponse> call,
      CompletableFuture<Sender> sender,
      Limits limits,
      SerialExecutor answers) {
    this.call = call;
    this.sender = sender;
    this.answers = answers;
    call.disableAutoRequest();
    call.setOnReadyHandler(() -> answers.execute(this::requestWhatIsOwed));
    call.setOnCancelHandler(
        () -> {
          broken = true;
          answers.execute(this::cancelled);
        });
    call.setOnCloseHandler(this::close);
    // Nothing is asked for before it is known who sends.
    var unused =
        sender.whenComplete((ready, failure) -> answers.execute(() -> begin(limits, failure)));
  }

  private void begin(Limits limits, @Nullable Throwable failure) {
    if (failure == null && !over) {
      call.request(limits.sendWindow());
    } else if (failure != null && !over) {
      over = true;
      broken = true;
      call.onError(ErrorMapping.status(failure, true));
    }
  }

  private void cancelled() {
    over = true;
    close();
  }

  private void close() {
    var unused = sender.thenAccept(Sender::close);
  }

  @Override
  public void onNext(SendMessagesRequest request) {
    if (broken) {
      return;
    }
    answers.execute(() -> unanswered++);
    CompletableFuture<SendMessageResponse> answer;
    try {
      answer = sender.join().send(request, () -> !broken);
    } catch (RuntimeException e) {
      answer = CompletableFuture.failedFuture(e);
    }
    var unused =
        answer.whenComplete(
            (response, failure) -> {
              Refusal refusal = failure == null ? null : ErrorMapping.refusal(failure, true);
              if (refusal != null && endsStream(refusal.reason())) {
                // At once, not in a queued task: the next message must not get past this one.
                broken = true;
              }
              answers.execute(() -> answer(request.getRequestId(), response, refusal));
            });
  }

  @Override
  public void onError(Throwable cancelled) {
    broken = true;
  }

  @Override
  public void onCompleted() {
    answers.execute(
        () -> {
          halfClosed = true;
          completeIfDone();
        });
  }

  private void answer(
      String requestId, @Nullable SendMessageResponse response, @Nullable Refusal refusal) {
    unanswered--;
    if (over) {
      return;
    }
    if (refusal != null && endsStream(refusal.reason())) {
      over = true;
      call.onError(ErrorMapping.status(refusal));
      return;
    }
    SendMessagesResponse.Builder answer = SendMessagesResponse.newBuilder().setRequestId(requestId);
    if (refusal != null) {
      answer.setError(ErrorMapping.rpcStatus(refusal));
    } else if (response != null) {
      answer.setAccepted(response);
    }
    call.onNext(answer.build());
    owedRequests++;
    requestWhatIsOwed();
    completeIfDone();
  }

  private void requestWhatIsOwed() {
    if (!over && owedRequests > 0 && call.isReady()) {
      call.request(owedRequests);
      owedRequests = 0;
    }
  }

  private void completeIfDone() {
    if (halfClosed && unanswered == 0 && !over) {
      over = true;
      call.onCompleted();
    }
  }

  private static boolean endsStream(ErrorReason reason) {
    Status.Code code = ErrorMapping.code(reason);
    return code == Status.Code.UNAVAILABLE
        || code == Status.Code.UNAUTHENTICATED
        || code == Status.Code.INTERNAL
        || reason == ErrorReason.OVERLOADED
        || reason == ErrorReason.RATE_LIMITED;
  }
}
