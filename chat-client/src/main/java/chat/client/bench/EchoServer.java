package chat.client.bench;

import chat.v1.ChatServiceGrpc;
import chat.v1.Delivery;
import chat.v1.SendMessageRequest;
import chat.v1.SendMessageResponse;
import chat.v1.SendMessagesRequest;
import chat.v1.SendMessagesResponse;
import com.google.protobuf.Timestamp;
import io.grpc.Server;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A process that answers at once: what gRPC alone costs, with the messages of the chat service.
 * Prints its address and lives until its standard input ends.
 */
final class EchoServer extends ChatServiceGrpc.ChatServiceImplBase {
  /** As many as the chat server has on a small machine. */
  private static final int THREADS = 8;

  private final AtomicLong messages = new AtomicLong();

  private EchoServer() {}

  /** The argument: how calls are run, {@code pool} or {@code direct}. */
  public static void main(String[] args) throws IOException {
    InetSocketAddress anyPort = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    NettyServerBuilder builder =
        NettyServerBuilder.forAddress(anyPort, io.grpc.InsecureServerCredentials.create())
            .addService(new EchoServer());
    if (args[0].equals("direct")) {
      builder.directExecutor();
    } else {
      builder.executor(Executors.newFixedThreadPool(THREADS, Daemon.named("echo")));
    }
    Server server = builder.build().start();
    System.out.println("127.0.0.1:" + server.getPort());
    while (System.in.read() >= 0) {
      // Only its end says anything.
    }
    server.shutdownNow();
    System.exit(0);
  }

  @Override
  public void sendMessage(
      SendMessageRequest request, StreamObserver<SendMessageResponse> observer) {
    observer.onNext(answer());
    observer.onCompleted();
  }

  @Override
  public StreamObserver<SendMessagesRequest> sendMessages(
      StreamObserver<SendMessagesResponse> observer) {
    return new StreamObserver<>() {
      @Override
      public void onNext(SendMessagesRequest request) {
        observer.onNext(
            SendMessagesResponse.newBuilder()
                .setRequestId(request.getRequestId())
                .setAccepted(answer())
                .build());
      }

      @Override
      public void onError(Throwable cancelled) {
        // The client has gone.
      }

      @Override
      public void onCompleted() {
        observer.onCompleted();
      }
    };
  }

  private SendMessageResponse answer() {
    long millis = System.currentTimeMillis();
    return SendMessageResponse.newBuilder()
        .setMessageId(messages.incrementAndGet())
        .setSentTime(Timestamp.newBuilder().setSeconds(millis / 1000).build())
        .setDelivery(Delivery.DELIVERY_QUEUED)
        .build();
  }
}
