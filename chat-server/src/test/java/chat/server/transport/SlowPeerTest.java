package chat.server.transport;

import static chat.server.transport.Harness.ONE;
import static chat.server.transport.Harness.TWO;
import static chat.server.transport.Harness.eventually;
import static chat.server.transport.Harness.freePort;
import static chat.server.transport.Harness.local;
import static chat.server.transport.Harness.request;
import static org.assertj.core.api.Assertions.assertThat;

import chat.replication.v1.ReplicateRequest;
import chat.replication.v1.ReplicateResponse;
import chat.replication.v1.ReplicationServiceGrpc;
import chat.server.replication.Entry;
import chat.server.replication.Epoch;
import chat.server.replication.LogPosition;
import chat.server.replication.Message;
import io.grpc.Server;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

class SlowPeerTest {
  private static final long MARKER = 1_000_000;
  private static final int BATCH_BYTES = 1 << 20;

  /** Reads nothing until it is told to. */
  private static final class Sluggish extends ReplicationServiceGrpc.ReplicationServiceImplBase {
    final CompletableFuture<ServerCallStreamObserver<ReplicateResponse>> call =
        new CompletableFuture<>();
    final List<Long> received = new CopyOnWriteArrayList<>();

    @Override
    public StreamObserver<ReplicateRequest> replicate(StreamObserver<ReplicateResponse> responses) {
      ServerCallStreamObserver<ReplicateResponse> observer =
          (ServerCallStreamObserver<ReplicateResponse>) responses;
      observer.disableAutoRequest();
      call.complete(observer);
      return new StreamObserver<>() {
        @Override
        public void onNext(ReplicateRequest request) {
          received.add(request.getCommitIndex());
        }

        @Override
        public void onError(Throwable cause) {}

        @Override
        public void onCompleted() {}
      };
    }
  }

  @Test
  void whatAPeerDoesNotReadIsQueuedUpToABoundAndThenLost() throws IOException {
    int port = freePort();
    Sluggish sluggish = new Sluggish();
    Server server =
        NettyServerBuilder.forAddress(local(port))
            .addService(sluggish)
            .maxInboundMessageSize(2 * BATCH_BYTES)
            .build()
            .start();
    try (GrpcPeerNetwork one =
        new GrpcPeerNetwork(ONE, local(freePort()), Map.of(TWO, local(port)))) {
      one.start(new Harness.Inbox());
      eventually().until(() -> one.isConnectedTo(TWO) && sluggish.call.isDone());
      byte[] payload = new byte[BATCH_BYTES];
      for (int i = 1; i <= 64; i++) {
        one.send(request(ONE, TWO, i, append(payload, i)));
      }
      sluggish.call.join().request(Integer.MAX_VALUE);
      eventually()
          .until(
              () -> {
                one.send(request(ONE, TWO, 99, append(new byte[1], MARKER)));
                return sluggish.received.contains(MARKER);
              });
      List<Long> batches = sluggish.received.stream().filter(i -> i < MARKER).toList();
      assertThat(batches).isSorted().hasSizeBetween(16, 24).startsWith(1L, 2L, 3L);
    } finally {
      server.shutdownNow();
    }
  }

  private static Message.AppendRequest append(byte[] payload, long number) {
    Entry entry = Entry.following(LogPosition.START, new Epoch(1), payload);
    return new Message.AppendRequest(new Epoch(1), LogPosition.START, List.of(entry), number);
  }
}
