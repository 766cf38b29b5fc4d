package chat.server.transport;

import static chat.server.transport.Harness.ONE;
import static chat.server.transport.Harness.THREE;
import static chat.server.transport.Harness.TWO;
import static chat.server.transport.Harness.answer;
import static chat.server.transport.Harness.eventually;
import static chat.server.transport.Harness.freePort;
import static chat.server.transport.Harness.local;
import static chat.server.transport.Harness.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import chat.replication.v1.AcceptRequest;
import chat.replication.v1.Header;
import chat.replication.v1.HeartbeatRequest;
import chat.replication.v1.LogEntry;
import chat.replication.v1.LogPosition;
import chat.replication.v1.PromiseRequest;
import chat.replication.v1.ReplicateRequest;
import chat.replication.v1.ReplicateResponse;
import chat.replication.v1.ReplicationServiceGrpc;
import chat.replication.v1.Report;
import chat.replication.v1.ServerIncarnation;
import chat.replication.v1.StillHeardRequest;
import chat.replication.v1.View;
import chat.server.replication.Message;
import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Server 1 with a stranger who can reach its port. */
class HostileInputTest {
  private static final byte[] HTTP2_PREFACE =
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

  private final int port = freePort();
  private final int portTwo = freePort();
  private final Harness.Inbox inbox = new Harness.Inbox();
  private final GrpcPeerNetwork one =
      new GrpcPeerNetwork(ONE, local(port), Map.of(TWO, local(portTwo)));
  private final ManagedChannel channel =
      NettyChannelBuilder.forAddress("127.0.0.1", port).usePlaintext().build();
  private final ReplicationServiceGrpc.ReplicationServiceBlockingStub stranger =
      ReplicationServiceGrpc.newBlockingStub(channel);

  @BeforeEach
  void start() throws IOException {
    one.start(inbox);
  }

  @AfterEach
  void stop() {
    channel.shutdownNow();
    one.close();
  }

  @Test
  void headersThatSayWhatCannotBeAreRefusedInWords() {
    refused(Status.Code.INVALID_ARGUMENT, "header is missing", StillHeardRequest.newBuilder());
    refused(Status.Code.FAILED_PRECONDITION, "protocol version 0", with(Header.newBuilder()));
    refused(
        Status.Code.FAILED_PRECONDITION,
        "protocol version 2",
        with(header().setProtocolVersion(2)));
    refused(Status.Code.INVALID_ARGUMENT, "from_id 0", with(header().setFromId(0)));
    refused(Status.Code.INVALID_ARGUMENT, "from_id 256", with(header().setFromId(256)));
    refused(Status.Code.INVALID_ARGUMENT, "to_id -1", with(header().setToId(-1)));
    refused(Status.Code.INVALID_ARGUMENT, "epoch -5", with(header().setEpoch(-5)));
    refused(Status.Code.INVALID_ARGUMENT, "incarnation -1", with(header().setIncarnation(-1)));
    refused(Status.Code.INVALID_ARGUMENT, "call -1", with(header().setCall(-1)));
    refused(
        Status.Code.INVALID_ARGUMENT, "cluster_id", with(header().setClusterId("x".repeat(5000))));
    refused(Status.Code.FAILED_PRECONDITION, "server 3 is not", with(header().setFromId(3)));
    refused(Status.Code.FAILED_PRECONDITION, "calls itself 1", with(header().setFromId(1)));
    refused(Status.Code.FAILED_PRECONDITION, "not 2", with(header().setToId(2)));
    refused(
        Status.Code.INVALID_ARGUMENT,
        "target_id 0",
        StillHeardRequest.newBuilder().setHeader(header()));
    assertNothingArrivedAndAllIsWell();
  }

  @Test
  void messagesThatAreNotWholeAreRefusedInWords() {
    HeartbeatRequest.Builder heartbeat = HeartbeatRequest.newBuilder().setHeader(header());
    refused(
        Status.Code.INVALID_ARGUMENT,
        "report is missing",
        () -> soon().heartbeat(heartbeat.build()));
    refused(
        Status.Code.INVALID_ARGUMENT,
        "report.view is missing",
        () -> soon().heartbeat(heartbeat.setReport(Report.getDefaultInstance()).build()));
    PromiseRequest.Builder promise = PromiseRequest.newBuilder().setHeader(header());
    refused(
        Status.Code.INVALID_ARGUMENT,
        "base.primary_id 3 is not one of",
        () -> soon().promise(promise.setBase(view(3, 1, 2)).build()));
    refused(
        Status.Code.INVALID_ARGUMENT,
        "base.members names 2 twice",
        () -> soon().promise(promise.setBase(view(2, 2, 2)).build()));
    refused(
        Status.Code.INVALID_ARGUMENT,
        "value is missing",
        () -> soon().accept(AcceptRequest.newBuilder().setHeader(header()).build()));
    assertNothingArrivedAndAllIsWell();
  }

  @Test
  void entriesWithGapsOrFromTwoSendersEndTheirStream() {
    ReplicateRequest gap =
        entries().addEntries(LogEntry.newBuilder().setPosition(position(2))).build();
    assertThat(streamed(gap).getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    assertThat(inbox.received).isEmpty();
    ReplicateRequest good = entries().build();
    ReplicateRequest other = entries().setHeader(header().setIncarnation(2)).build();
    assertThat(streamed(good, other).getDescription()).contains("one sender");
    assertThat(inbox.received).hasSize(1);
  }

  @Test
  void oversizedMessagesAreRefused() {
    ByteString nineMebibytes = ByteString.copyFrom(new byte[9 << 20]);
    ReplicateRequest huge =
        entries()
            .addEntries(LogEntry.newBuilder().setPosition(position(1)).setPayload(nineMebibytes))
            .build();
    assertThat(streamed(huge).getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
    assertNothingArrivedAndAllIsWell();
  }

  @Test
  void aCallerThatRepeatsACallWaitsOnce() {
    for (int call = 0; call < 100; call++) {
      Header.Builder header = header().setCall(call % 10);
      ReplicationServiceGrpc.newFutureStub(channel)
          .stillHeard(StillHeardRequest.newBuilder().setHeader(header).setTargetId(2).build())
          .addListener(() -> {}, Runnable::run);
    }
    eventually().until(() -> inbox.received.size() == 100);
    assertThat(one.waiting()).isEqualTo(10);
    channel.shutdownNow();
    eventually().until(() -> one.waiting() == 0);
  }

  @Test
  void garbageOnTheSocketHarmsNobody() throws IOException {
    Random random = new Random(7);
    for (int round = 0; round < 60; round++) {
      byte[] garbage = new byte[1 + random.nextInt(4000)];
      random.nextBytes(garbage);
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
        OutputStream out = socket.getOutputStream();
        if (round % 3 == 0) {
          out.write(HTTP2_PREFACE);
        } else if (round % 3 == 1) {
          out.write("GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        }
        out.write(garbage);
      } catch (IOException e) {
        // The server may close before it has read everything.
        assertThat(e).hasMessageMatching("(?i).*(reset|broken pipe|abort).*");
      }
    }
    assertNothingArrivedAndAllIsWell();
  }

  @Test
  void answersFromTheWrongServerAreDropped() throws IOException {
    // At the address of server 2 answers somebody else.
    Harness.Inbox other = new Harness.Inbox();
    try (GrpcPeerNetwork two =
        new GrpcPeerNetwork(TWO, local(portTwo), Map.of(ONE, local(freePort())))) {
      two.start(other);
      other.onRequest =
          received ->
              two.send(
                  new chat.server.replication.Envelope(
                      Harness.header(THREE, Harness.FIRST),
                      ONE,
                      Harness.FIRST,
                      received.call(),
                      new Message.StillHeard(TWO)));
      eventually().until(() -> one.isConnectedTo(TWO));
      one.send(request(ONE, TWO, 1, new Message.StillHeardRequest(TWO)));
      eventually().until(() -> other.received.size() == 1 && two.waiting() == 0);
      other.onRequest = received -> two.send(answer(received, new Message.StillHeard(TWO)));
      one.send(request(ONE, TWO, 2, new Message.StillHeardRequest(TWO)));
      eventually().until(() -> !inbox.received.isEmpty());
      assertThat(inbox.received).hasSize(1).allMatch(e -> e.from().equals(TWO));
    }
  }

  private Status streamed(ReplicateRequest... messages) {
    CompletableFuture<Status> end = new CompletableFuture<>();
    StreamObserver<ReplicateRequest> requests =
        ReplicationServiceGrpc.newStub(channel)
            .replicate(
                new StreamObserver<ReplicateResponse>() {
                  @Override
                  public void onNext(ReplicateResponse response) {}

                  @Override
                  public void onError(Throwable cause) {
                    end.complete(Status.fromThrowable(cause));
                  }

                  @Override
                  public void onCompleted() {
                    end.complete(Status.OK);
                  }
                });
    for (ReplicateRequest message : messages) {
      requests.onNext(message);
    }
    return end.orTimeout(5, TimeUnit.SECONDS).join();
  }

  private void assertNothingArrivedAndAllIsWell() {
    assertThat(inbox.received).isEmpty();
    assertThat(one.waiting()).isZero();
    inbox.onRequest = received -> one.send(answer(received, new Message.StillHeard(TWO)));
    StillHeardRequest good = with(header()).build();
    assertThat(soon().stillHeard(good).getTargetId()).isEqualTo(2);
  }

  private void refused(Status.Code code, String words, StillHeardRequest.Builder request) {
    refused(code, words, () -> soon().stillHeard(request.build()));
  }

  private static void refused(Status.Code code, String words, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            StatusRuntimeException.class, e -> assertThat(e.getStatus().getCode()).isEqualTo(code))
        .hasMessageContaining(words);
  }

  private ReplicationServiceGrpc.ReplicationServiceBlockingStub soon() {
    return stranger.withDeadlineAfter(5, TimeUnit.SECONDS);
  }

  private static Header.Builder header() {
    return Header.newBuilder()
        .setProtocolVersion(WireHeaders.PROTOCOL_VERSION)
        .setFromId(2)
        .setToId(1)
        .setIncarnation(1);
  }

  private static StillHeardRequest.Builder with(Header.Builder header) {
    return StillHeardRequest.newBuilder().setHeader(header).setTargetId(2);
  }

  private static ReplicateRequest.Builder entries() {
    return ReplicateRequest.newBuilder().setHeader(header()).setPrevious(position(0));
  }

  private static LogPosition.Builder position(long index) {
    return LogPosition.newBuilder().setIndex(index);
  }

  private static View.Builder view(int primary, int... members) {
    View.Builder view =
        View.newBuilder()
            .setPrimaryId(primary)
            .setCluster(chat.replication.v1.Cluster.getDefaultInstance());
    for (int member : members) {
      view.addMembers(ServerIncarnation.newBuilder().setServerId(member).setIncarnation(1));
    }
    return view;
  }
}
