package chat.client;

import chat.common.ErrorReason;
import chat.v1.CaughtUp;
import chat.v1.Message;
import chat.v1.ReceiveMessagesResponse;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;

/** One open stream of a {@link FakeChatService}. Guarded by its own monitor. */
final class FakeStream {
  private final FakeChat chat;
  private final FakeServer server;
  private final FakeChat.Account account;
  private final StreamObserver<ReceiveMessagesResponse> out;
  private final String token;
  private long last;
  private boolean over;

  FakeStream(
      FakeChat chat,
      FakeServer server,
      FakeChat.Account account,
      long after,
      StreamObserver<ReceiveMessagesResponse> out) {
    this.chat = chat;
    this.server = server;
    this.account = account;
    this.token = account.token;
    this.last = after;
    this.out = out;
  }

  synchronized void begin() {
    account.attached = true;
    ((ServerCallStreamObserver<ReceiveMessagesResponse>) out)
        .setOnCancelHandler(() -> account.attached = false);
    pushLocked();
    emit(ReceiveMessagesResponse.newBuilder().setCaughtUp(CaughtUp.getDefaultInstance()).build());
  }

  synchronized void push() {
    if (!account.token.equals(token)) {
      end(
          FakeChat.refusal(
              Status.Code.UNAUTHENTICATED,
              ErrorReason.SESSION_TAKEN_OVER,
              "Somebody else logged in."));
    }
    pushLocked();
  }

  private void pushLocked() {
    for (Message message : chat.after(account, last)) {
      last = message.getMessageId();
      emit(ReceiveMessagesResponse.newBuilder().setMessage(message).build());
    }
  }

  /** Whatever a hostile server might say. */
  synchronized void emit(ReceiveMessagesResponse response) {
    if (!over && !server.isFrozen()) {
      out.onNext(response);
    }
  }

  synchronized void end(StatusRuntimeException error) {
    if (!over) {
      over = true;
      account.attached = false;
      out.onError(error);
    }
  }
}
