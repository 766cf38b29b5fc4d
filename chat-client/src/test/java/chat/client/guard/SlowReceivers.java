package chat.client.guard;

import chat.v1.ChatServiceGrpc;
import chat.v1.ReceiveMessagesRequest;
import chat.v1.ReceiveMessagesResponse;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Streams that take one event and no more. */
final class SlowReceivers implements AutoCloseable {
  private static final int STREAMS_A_CONNECTION = 50;
  private static final int WINDOW_BYTES = 64 * 1024;

  private final List<ClientCall<ReceiveMessagesRequest, ReceiveMessagesResponse>> calls =
      new ArrayList<>();
  private final List<ManagedChannel> channels = new ArrayList<>();
  private final AtomicInteger ended = new AtomicInteger();
  private final CountDownLatch open;

  SlowReceivers(String address, List<String> tokens) {
    open = new CountDownLatch(tokens.size());
    for (int i = 0; i < tokens.size(); i++) {
      if (i % STREAMS_A_CONNECTION == 0) {
        channels.add(
            NettyChannelBuilder.forTarget("dns:///" + address)
                .usePlaintext()
                .flowControlWindow(WINDOW_BYTES)
                .build());
      }
      start(channels.get(channels.size() - 1), tokens.get(i));
    }
  }

  private void start(ManagedChannel channel, String token) {
    ClientCall<ReceiveMessagesRequest, ReceiveMessagesResponse> call =
        channel.newCall(ChatServiceGrpc.getReceiveMessagesMethod(), CallOptions.DEFAULT);
    calls.add(call);
    call.start(
        new ClientCall.Listener<>() {
          @Override
          public void onMessage(ReceiveMessagesResponse event) {
            open.countDown();
          }

          @Override
          public void onClose(Status status, Metadata trailers) {
            ended.incrementAndGet();
          }
        },
        Wire.headers(token));
    call.request(1);
    call.sendMessage(ReceiveMessagesRequest.getDefaultInstance());
    call.halfClose();
  }

  void awaitOpen() throws InterruptedException {
    if (!open.await(60, TimeUnit.SECONDS)) {
      throw new IllegalStateException("streams that never began: " + open.getCount());
    }
  }

  /** Reads all that is there at last; how many of the streams the server has ended. */
  int readAll() throws InterruptedException {
    calls.forEach(call -> call.request(10_000));
    Thread.sleep(3_000);
    return ended.get();
  }

  @Override
  public void close() {
    channels.forEach(ManagedChannel::shutdownNow);
  }
}
