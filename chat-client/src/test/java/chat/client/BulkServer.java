package chat.client;

import chat.v1.ChatServiceGrpc;
import chat.v1.Message;
import chat.v1.ReceiveMessagesRequest;
import chat.v1.ReceiveMessagesResponse;
import chat.v1.SendMessageRequest;
import chat.v1.SendMessageResponse;
import io.grpc.Server;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;

/**
 * A primary that keeps nothing: it takes masses of messages, late if it likes, and gives masses to
 * whoever receives, as fast as they are taken. Thread-safe.
 */
final class BulkServer implements AutoCloseable {
  private final int giving;
  private final String text;
  private final int port = FakeCluster.freePort();
  private final Server server;

  // Guarded by this.
  private final List<StreamObserver<SendMessageResponse>> held = new ArrayList<>();
  private boolean answering;
  private long taken;
  private long given;
  private boolean stalled;

  /**
   * @param giving so many messages wait for whoever receives
   * @param text of each of them
   */
  BulkServer(int giving, String text) {
    this.giving = giving;
    this.text = text;
    HealthStatusManager health = new HealthStatusManager();
    health.setStatus(PrimaryChannel.SERVICE, ServingStatus.SERVING);
    try {
      server =
          NettyServerBuilder.forAddress(
                  new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
              .addService(health.getHealthService())
              .addService(new Service())
              .build()
              .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  String address() {
    return "127.0.0.1:" + port;
  }

  /** From now on what was taken is answered, and what comes too. */
  void answer() {
    List<StreamObserver<SendMessageResponse>> waiting;
    synchronized (this) {
      answering = true;
      waiting = List.copyOf(held);
      held.clear();
    }
    waiting.forEach(BulkServer::accept);
  }

  private static void accept(StreamObserver<SendMessageResponse> out) {
    out.onNext(SendMessageResponse.newBuilder().setMessageId(1).build());
    out.onCompleted();
  }

  synchronized long taken() {
    return taken;
  }

  synchronized long given() {
    return given;
  }

  /** Whether the receiver takes no more at present. */
  synchronized boolean isStalled() {
    return stalled;
  }

  @Override
  public void close() {
    server.shutdownNow();
  }

  private final class Service extends ChatServiceGrpc.ChatServiceImplBase {
    @Override
    public void sendMessage(SendMessageRequest request, StreamObserver<SendMessageResponse> out) {
      synchronized (BulkServer.this) {
        taken++;
        if (!answering) {
          held.add(out);
          return;
        }
      }
      accept(out);
    }

    @Override
    public void receiveMessages(
        ReceiveMessagesRequest request, StreamObserver<ReceiveMessagesResponse> out) {
      ServerCallStreamObserver<ReceiveMessagesResponse> stream =
          (ServerCallStreamObserver<ReceiveMessagesResponse>) out;
      stream.setOnReadyHandler(() -> give(stream));
    }
  }

  private synchronized void give(ServerCallStreamObserver<ReceiveMessagesResponse> out) {
    while (out.isReady() && given < giving) {
      given++;
      out.onNext(
          ReceiveMessagesResponse.newBuilder()
              .setMessage(
                  Message.newBuilder()
                      .setMessageId(given)
                      .setSender("alice")
                      .setRecipient("bob")
                      .setText(text))
              .build());
    }
    stalled = given < giving;
  }
}
