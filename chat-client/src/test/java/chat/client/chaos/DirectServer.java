package chat.client.chaos;

import chat.v1.ChatServiceGrpc;
import chat.v1.GetClusterStatusRequest;
import chat.v1.GetClusterStatusResponse;
import chat.v1.SendMessageRequest;
import chat.v1.SendMessageResponse;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** One server, asked without the library: so it is known who answered. Thread-safe. */
final class DirectServer implements AutoCloseable {
  private final int id;
  private final ManagedChannel channel;
  private final ChatServiceGrpc.ChatServiceStub stub;

  /**
   * Connects when it is asked.
   *
   * @param token of the session that sends
   */
  DirectServer(int id, String address, String token) {
    this.id = id;
    this.channel = NettyChannelBuilder.forTarget(address).usePlaintext().build();
    Metadata headers = new Metadata();
    headers.put(
        Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + token);
    this.stub =
        ChatServiceGrpc.newStub(channel)
            .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers));
  }

  int id() {
    return id;
  }

  /** Sends a message; the text is its request id as well. */
  CompletableFuture<SendMessageResponse> send(String recipient, String text, Duration patience) {
    SendMessageRequest request =
        SendMessageRequest.newBuilder()
            .setRecipient(recipient)
            .setText(text)
            .setRequestId(text)
            .build();
    Answer<SendMessageResponse> answer = new Answer<>();
    stub.withDeadlineAfter(patience.toMillis(), TimeUnit.MILLISECONDS).sendMessage(request, answer);
    return answer.future;
  }

  /** What the server says of the cluster. */
  CompletableFuture<GetClusterStatusResponse> status(Duration patience) {
    // It may have been dead, and is asked often enough to be found when it comes back.
    channel.resetConnectBackoff();
    Answer<GetClusterStatusResponse> answer = new Answer<>();
    stub.withDeadlineAfter(patience.toMillis(), TimeUnit.MILLISECONDS)
        .getClusterStatus(GetClusterStatusRequest.getDefaultInstance(), answer);
    return answer.future;
  }

  @Override
  public void close() {
    channel.shutdownNow();
  }

  private static final class Answer<T> implements StreamObserver<T> {
    private final CompletableFuture<T> future = new CompletableFuture<>();

    @Override
    public void onNext(T value) {
      future.complete(value);
    }

    @Override
    public void onError(Throwable failure) {
      future.completeExceptionally(failure);
    }

    @Override
    public void onCompleted() {
      // The one answer came before.
    }
  }
}
