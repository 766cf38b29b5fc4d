package chat.client;

import static org.assertj.core.api.Assertions.assertThat;

import chat.client.demo.LocalCluster;
import chat.common.ErrorReason;
import chat.v1.ChatServiceGrpc;
import chat.v1.ReceiveMessagesRequest;
import chat.v1.ReceiveMessagesResponse;
import chat.v1.SendMessageRequest;
import chat.v1.SendMessageResponse;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** SIGTERM, as everybody at the server sees it. */
@Timeout(600)
class StoppingTest {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final Duration STOP_MAX = Duration.ofSeconds(5);
  private static final String[] FLAGS = {
    "--password-memory-kib", "64", "--password-iterations", "1"
  };
  private static final int SENDS = 200;

  @Test
  void aServerThatIsStoppedAnswersWhatIsUnderWayTellsItsStreamsAndEndsWithZero() throws Exception {
    try (LocalCluster cluster = LocalCluster.create(1, FLAGS).startAll()) {
      cluster.awaitComplete(PATIENCE);
      ManagedChannel channel =
          NettyChannelBuilder.forTarget(cluster.addresses()).usePlaintext().build();
      try (ChatClient client = ChatClient.connect(cluster.addresses())) {
        client.createAccount("alice", "wonderland");
        ChatSession session = client.login("alice", "wonderland").session();
        ChatServiceGrpc.ChatServiceStub stub = stub(channel, session.token());
        Answer<ReceiveMessagesResponse> stream = new Answer<>();
        stub.receiveMessages(ReceiveMessagesRequest.getDefaultInstance(), stream);
        stream.first.get(30, TimeUnit.SECONDS);
        List<Answer<SendMessageResponse>> sends = new ArrayList<>();
        for (int i = 0; i < SENDS; i++) {
          Answer<SendMessageResponse> send = new Answer<>();
          stub.sendMessage(
              SendMessageRequest.newBuilder().setRecipient("alice").setText("text " + i).build(),
              send);
          sends.add(send);
        }
        sends.get(0).first.get(30, TimeUnit.SECONDS);

        assertStops(cluster, 1);

        assertThat(stream.end.get(30, TimeUnit.SECONDS)).isEqualTo("SHUTTING_DOWN");
        Set<String> ends = new TreeSet<>();
        for (Answer<SendMessageResponse> send : sends) {
          ends.add(send.end.get(30, TimeUnit.SECONDS));
        }
        // Nobody is left without a word, and nobody is told "perhaps".
        assertThat(ends).contains("OK").isSubsetOf("OK", "SHUTTING_DOWN", "VIEW_CHANGING");
        long accepted = sends.stream().filter(send -> send.end.getNow("").equals("OK")).count();
        cluster.start(1);
        cluster.awaitComplete(PATIENCE);
        assertThat(session.fetch(1000).messages()).hasSizeGreaterThanOrEqualTo((int) accepted);
      } finally {
        channel.shutdownNow();
      }
    }
  }

  @Test
  void aPrimaryThatIsStoppedEndsWithZeroInTime() throws Exception {
    try (LocalCluster cluster = LocalCluster.create(3, FLAGS).startAll()) {
      cluster.awaitComplete(PATIENCE);
      int primary = cluster.primaryId();
      assertStops(cluster, primary);
      assertStops(cluster, cluster.awaitMembers(2, PATIENCE).primaryId());
      // The last one has nobody to hand over to.
      assertStops(cluster, cluster.awaitMembers(1, PATIENCE).primaryId());
    }
  }

  private static void assertStops(LocalCluster cluster, int server) throws InterruptedException {
    long start = System.nanoTime();
    cluster.stop(server);
    Duration took = Duration.ofNanos(System.nanoTime() - start);
    System.out.println(
        "StoppingTest: server " + server + " took " + took.toMillis() + " ms from SIGTERM to end");
    assertThat(cluster.lastExitCode(server)).isZero();
    assertThat(took).isLessThan(STOP_MAX);
  }

  private static ChatServiceGrpc.ChatServiceStub stub(ManagedChannel channel, String token) {
    Metadata headers = new Metadata();
    headers.put(
        Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + token);
    return ChatServiceGrpc.newStub(channel)
        .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers));
  }

  /** The first answer of a call, and how it ended: OK, or why not. */
  private static final class Answer<T> implements StreamObserver<T> {
    private final CompletableFuture<T> first = new CompletableFuture<>();
    private final CompletableFuture<String> end = new CompletableFuture<>();

    @Override
    public void onNext(T value) {
      first.complete(value);
    }

    @Override
    public void onError(Throwable failure) {
      ErrorReason reason = ServerError.of(failure).exception().reason();
      first.completeExceptionally(failure);
      end.complete(
          Status.fromThrowable(failure).getCode() == Status.Code.UNAVAILABLE
              ? reason.name()
              : Status.fromThrowable(failure).toString());
    }

    @Override
    public void onCompleted() {
      end.complete("OK");
    }
  }
}
