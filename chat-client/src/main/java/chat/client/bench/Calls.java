package chat.client.bench;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Calls with as little around them as gRPC allows: answers come on the network's threads, nothing
 * is retried, and calls have no deadline, which would cost a timer each. A run has an end of its
 * own, and the connection's end is the calls' end.
 */
final class Calls {
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  private Calls() {}

  /** A connection whose answers come on the network's threads. */
  static ManagedChannel connect(String address) {
    return NettyChannelBuilder.forTarget(address).usePlaintext().directExecutor().build();
  }

  /** A session's headers, for one call. */
  static Metadata headers(@Nullable String token) {
    Metadata headers = new Metadata();
    if (token != null) {
      headers.put(AUTHORIZATION, "Bearer " + token);
    }
    return headers;
  }

  /** A call whose end is heard as a message or as a status that is not OK. */
  static <Q, A> void unary(
      Channel channel,
      MethodDescriptor<Q, A> method,
      @Nullable String token,
      Q request,
      BiConsumer<@Nullable A, Status> end) {
    ClientCall<Q, A> call = channel.newCall(method, CallOptions.DEFAULT);
    call.start(
        new ClientCall.Listener<A>() {
          private @Nullable A answer;

          @Override
          public void onMessage(A message) {
            answer = message;
          }

          @Override
          public void onClose(Status status, Metadata trailers) {
            end.accept(answer, status);
          }
        },
        headers(token));
    call.request(2);
    call.sendMessage(request);
    call.halfClose();
  }

  /** The same as a future. */
  static <Q, A> CompletableFuture<A> unary(
      Channel channel, MethodDescriptor<Q, A> method, @Nullable String token, Q request) {
    CompletableFuture<A> future = new CompletableFuture<>();
    unary(
        channel,
        method,
        token,
        request,
        (answer, status) -> {
          if (status.isOk()) {
            future.complete(answer);
          } else {
            future.completeExceptionally(status.asRuntimeException());
          }
        });
    return future;
  }
}
