package chat.client;

import chat.v1.SendMessagesRequest;
import io.grpc.ClientCall;
import java.util.concurrent.CompletableFuture;

/** A message of a {@link MessageSender} that has no answer yet. Guarded by the sender's lock. */
final class PendingSend {
  private final SendMessagesRequest request;
  private final long deadlineNanos;
  private final CompletableFuture<SentMessage> future = new CompletableFuture<>();
  private int times;

  PendingSend(SendMessagesRequest request, long deadlineNanos) {
    this.request = request;
    this.deadlineNanos = deadlineNanos;
  }

  String requestId() {
    return request.getRequestId();
  }

  CompletableFuture<SentMessage> future() {
    return future;
  }

  void sendOn(ClientCall<SendMessagesRequest, ?> call) {
    times++;
    call.sendMessage(request);
  }

  int bytes() {
    return request.getSerializedSize();
  }

  int times() {
    return times;
  }

  boolean isLate(long nowNanos) {
    return nowNanos - deadlineNanos >= 0;
  }

  /** Ends without an answer to this very message; outside of the lock. */
  void giveUp(ChatException why) {
    if (times == 0) {
      future.completeExceptionally(why);
      return;
    }
    String id = requestId();
    future.completeExceptionally(
        new OutcomeUnknownException(
            id,
            "Nobody said in time whether the message was accepted; ask again with request id "
                + id
                + ", which never sends it twice.",
            why));
  }
}
