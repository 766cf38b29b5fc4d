package chat.server.api;

import static org.awaitility.Awaitility.await;

import chat.v1.ChatServiceGrpc;
import chat.v1.Message;
import chat.v1.ReceiveMessagesRequest;
import chat.v1.ReceiveMessagesResponse;
import chat.v1.ReceiveMessagesResponse.EventCase;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** What a client got on a {@code ReceiveMessages} call. Thread-safe. */
final class ReceivedEvents
    implements ClientResponseObserver<ReceiveMessagesRequest, ReceiveMessagesResponse> {
  private final List<ReceiveMessagesResponse> events = new CopyOnWriteArrayList<>();
  private final AtomicReference<@Nullable Throwable> error = new AtomicReference<>();
  private final boolean manual;
  private @Nullable ClientCallStreamObserver<ReceiveMessagesRequest> call;

  private ReceivedEvents(boolean manual) {
    this.manual = manual;
  }

  static ReceivedEvents open(ChatServiceGrpc.ChatServiceStub stub, long after) {
    return open(stub, after, false);
  }

  /** A client that reads only what it is told to {@link #read}. */
  static ReceivedEvents openSlow(ChatServiceGrpc.ChatServiceStub stub, long after) {
    return open(stub, after, true);
  }

  private static ReceivedEvents open(
      ChatServiceGrpc.ChatServiceStub stub, long after, boolean manual) {
    ReceivedEvents events = new ReceivedEvents(manual);
    stub.receiveMessages(
        ReceiveMessagesRequest.newBuilder().setAfterMessageId(after).build(), events);
    return events;
  }

  @Override
  public void beforeStart(ClientCallStreamObserver<ReceiveMessagesRequest> started) {
    call = started;
    if (manual) {
      started.disableAutoRequestWithInitial(0);
    }
  }

  void read(int count) {
    if (call != null) {
      call.request(count);
    }
  }

  void cancel() {
    if (call != null) {
      call.cancel("test", null);
    }
  }

  @Override
  public void onNext(ReceiveMessagesResponse event) {
    events.add(event);
  }

  @Override
  public void onError(Throwable thrown) {
    error.set(thrown);
  }

  @Override
  public void onCompleted() {
    error.set(new AssertionError("a stream never completes"));
  }

  List<Message> messages() {
    return events.stream()
        .filter(e -> e.getEventCase() == EventCase.MESSAGE)
        .map(ReceiveMessagesResponse::getMessage)
        .toList();
  }

  List<String> texts() {
    return messages().stream().map(Message::getText).toList();
  }

  List<EventCase> kinds() {
    return events.stream()
        .map(ReceiveMessagesResponse::getEventCase)
        .filter(kind -> kind != EventCase.HEARTBEAT)
        .toList();
  }

  long heartbeats() {
    return events.stream().filter(e -> e.getEventCase() == EventCase.HEARTBEAT).count();
  }

  ReceivedEvents awaitCaughtUp() {
    await().until(() -> kinds().contains(EventCase.CAUGHT_UP));
    return this;
  }

  void awaitTexts(String... expected) {
    await().until(() -> texts().equals(List.of(expected)));
  }

  boolean isOpen() {
    return error.get() == null;
  }

  Throwable awaitEnd() {
    await().until(() -> error.get() != null);
    Throwable thrown = error.get();
    return thrown == null ? new AssertionError("no error") : thrown;
  }
}
