package chat.server.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import chat.common.CheckedRequests;
import chat.server.fuzz.BareWords;
import chat.v1.ChatServiceGrpc;
import chat.v1.SendMessagesRequest;
import chat.v1.SendMessagesResponse;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A stream's requests and answers meet in different threads. */
@Timeout(30)
class CheckedRequestsTest {
  private final AtomicReference<StreamObserver<SendMessagesResponse>> answers =
      new AtomicReference<>();

  /** What the service's call is given out on. */
  private static class Call<Q> extends ServerCall<Q, SendMessagesResponse> {
    private final MethodDescriptor<Q, SendMessagesResponse> method;
    final List<Status> closed = Collections.synchronizedList(new ArrayList<>());
    final List<SendMessagesResponse> sent = Collections.synchronizedList(new ArrayList<>());

    Call(MethodDescriptor<Q, SendMessagesResponse> method) {
      this.method = method;
    }

    @Override
    public void request(int numMessages) {}

    @Override
    public void sendHeaders(Metadata headers) {}

    @Override
    public void sendMessage(SendMessagesResponse message) {
      sent.add(message);
    }

    @Override
    public void close(Status status, Metadata trailers) {
      closed.add(status);
    }

    @Override
    public boolean isCancelled() {
      return false;
    }

    @Override
    public MethodDescriptor<Q, SendMessagesResponse> getMethodDescriptor() {
      return method;
    }
  }

  @SuppressWarnings("unchecked") // The method is the one that is asked for.
  private <Q> ServerMethodDefinition<Q, SendMessagesResponse> checkedSendMessages() {
    ServerServiceDefinition service =
        CheckedRequests.of(
            new ChatServiceGrpc.ChatServiceImplBase() {
              @Override
              public StreamObserver<SendMessagesRequest> sendMessages(
                  StreamObserver<SendMessagesResponse> responses) {
                answers.set(responses);
                return new StreamObserver<>() {
                  @Override
                  public void onNext(SendMessagesRequest value) {}

                  @Override
                  public void onError(Throwable t) {}

                  @Override
                  public void onCompleted() {}
                };
              }
            }.bindService(),
            100,
            new BareWords());
    return (ServerMethodDefinition<Q, SendMessagesResponse>)
        service.getMethod(ChatServiceGrpc.getSendMessagesMethod().getFullMethodName());
  }

  private StreamObserver<SendMessagesResponse> answers() {
    return Objects.requireNonNull(answers.get());
  }

  @Test
  void anEndIsHeardWhileAnAnswerIsGivenOut() {
    ServerMethodDefinition<Object, SendMessagesResponse> method = checkedSendMessages();
    CountDownLatch heard = new CountDownLatch(1);
    AtomicReference<ServerCall.Listener<Object>> listener = new AtomicReference<>();
    // As a transport that has a lock of its own: it tells of an end before it takes an answer.
    Call<Object> call =
        new Call<>(method.getMethodDescriptor()) {
          @Override
          public void close(Status status, Metadata trailers) {
            Thread other =
                new Thread(
                    () -> {
                      Objects.requireNonNull(listener.get()).onComplete();
                      heard.countDown();
                    });
            other.start();
            try {
              if (heard.await(10, TimeUnit.SECONDS)) {
                super.close(status, trailers);
              }
            } catch (InterruptedException e) {
              throw new IllegalStateException(e);
            }
          }
        };
    listener.set(method.getServerCallHandler().startCall(call, new Metadata()));

    answers().onError(Status.UNAUTHENTICATED.asRuntimeException());

    assertThat(call.closed)
        .extracting(Status::getCode)
        .containsExactly(Status.Code.UNAUTHENTICATED);
  }

  @Test
  void afterARefusalNoAnswerIsGivenOut() {
    ServerMethodDefinition<Object, SendMessagesResponse> method = checkedSendMessages();
    Call<Object> call = new Call<>(method.getMethodDescriptor());
    ServerCall.Listener<Object> listener =
        method.getServerCallHandler().startCall(call, new Metadata());
    answers().onNext(SendMessagesResponse.getDefaultInstance());

    Object tooLarge =
        method.getMethodDescriptor().parseRequest(new ByteArrayInputStream(new byte[101]));
    listener.onMessage(tooLarge);
    listener.onMessage(tooLarge);
    // gRPC's observer throws: to the service its client has gone.
    assertThat(catchThrowable(() -> answers().onNext(SendMessagesResponse.getDefaultInstance())))
        .hasMessageContaining("CANCELLED");

    assertThat(call.sent).hasSize(1);
    assertThat(call.closed)
        .extracting(Status::getCode)
        .containsExactly(Status.Code.RESOURCE_EXHAUSTED);
  }
}
