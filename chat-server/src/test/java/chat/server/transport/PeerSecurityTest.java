package chat.server.transport;

import static chat.server.transport.Harness.ONE;
import static chat.server.transport.Harness.TWO;
import static chat.server.transport.Harness.answer;
import static chat.server.transport.Harness.eventually;
import static chat.server.transport.Harness.freePort;
import static chat.server.transport.Harness.local;
import static chat.server.transport.Harness.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import chat.admin.v1.AdminServiceGrpc;
import chat.admin.v1.GetServerStatusRequest;
import chat.admin.v1.GetServerStatusResponse;
import chat.replication.v1.HeartbeatRequest;
import chat.replication.v1.ReplicateRequest;
import chat.replication.v1.ReplicateResponse;
import chat.replication.v1.ReplicationServiceGrpc;
import chat.server.replication.Envelope;
import chat.server.replication.LogPosition;
import chat.server.replication.Message;
import chat.server.replication.ServerId;
import chat.server.transport.CertificateAuthority.Use;
import io.grpc.ChannelCredentials;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.TlsChannelCredentials;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who gets through to a server on the peers' port, and as whom. */
class PeerSecurityTest {
  private static final Duration DAY = Duration.ofDays(1);

  @TempDir Path directory;

  private final List<AutoCloseable> opened = new ArrayList<>();
  private final int portOne = freePort();
  private final Harness.Inbox inbox = new Harness.Inbox();
  private CertificateAuthority ours;
  private CertificateAuthority theirs;

  @BeforeEach
  void start() throws Exception {
    ours = CertificateAuthority.create("ours");
    theirs = CertificateAuthority.create("theirs");
    GrpcPeerNetwork one =
        network(ONE, portOne, Map.of(TWO, local(freePort())), security(ours, ONE));
    inbox.onRequest = request -> one.send(answer(request, heartbeatAnswer(request)));
    one.start(inbox, SnapshotSource.NONE, List.of(new Admin()));
  }

  @AfterEach
  void stop() throws Exception {
    for (int i = opened.size() - 1; i >= 0; i--) {
      opened.get(i).close();
    }
  }

  /** Answers that it was reached. */
  private static final class Admin extends AdminServiceGrpc.AdminServiceImplBase {
    @Override
    public void getServerStatus(
        GetServerStatusRequest request, StreamObserver<GetServerStatusResponse> responses) {
      responses.onNext(GetServerStatusResponse.newBuilder().setServerId(1).build());
      responses.onCompleted();
    }
  }

  @Test
  void serversOfOneAuthorityReachEachOther() throws Exception {
    int portTwo = freePort();
    Harness.Inbox inboxTwo = new Harness.Inbox();
    GrpcPeerNetwork two = network(TWO, portTwo, Map.of(ONE, local(portOne)), security(ours, TWO));
    two.start(inboxTwo);
    eventually().until(() -> two.isConnectedTo(ONE));
    two.send(request(TWO, ONE, 1, heartbeat()));
    eventually().until(() -> inboxTwo.received.size() == 1);
    assertThat(inbox.received).hasSize(1);
  }

  @Test
  void aServerSpeaksInItsOwnNameOnly() throws Exception {
    ManagedChannel three = channel(tls(ours, PeerName.of(new ServerId(3)), Use.BOTH), ONE);
    assertThat(heartbeatAs(TWO, three)).isEqualTo(Status.Code.FAILED_PRECONDITION);
    CompletableFuture<Status.Code> ended = new CompletableFuture<>();
    StreamObserver<ReplicateRequest> stream =
        ReplicationServiceGrpc.newStub(three).replicate(ending(ended));
    Message.AppendRequest append = new RandomMessages(1).append(LogPosition.START, 1);
    stream.onNext(WireRequests.encode(request(TWO, ONE, 1, append), append));
    assertThat(ended.get(10, TimeUnit.SECONDS)).isEqualTo(Status.Code.FAILED_PRECONDITION);
    assertThat(inbox.received).isEmpty();
    // As itself it gets through: this shows that the name was what was wrong.
    ManagedChannel two = channel(tls(ours, PeerName.of(TWO), Use.BOTH), ONE);
    assertThat(heartbeatAs(TWO, two)).isEqualTo(Status.Code.OK);
  }

  @Test
  void strangersGetNoWordThrough() throws Exception {
    // Of another cluster, of nobody, expired, and without encryption.
    assertThat(heartbeatAs(TWO, channel(tls(theirs, PeerName.of(TWO), Use.BOTH), ONE)))
        .isEqualTo(Status.Code.UNAVAILABLE);
    assertThat(heartbeatAs(TWO, channel(tls(ours, "example.org", Use.BOTH), ONE)))
        .isEqualTo(Status.Code.PERMISSION_DENIED);
    assertThat(heartbeatAs(TWO, channel(trustingOnly(ours), ONE)))
        .isEqualTo(Status.Code.UNAVAILABLE);
    assertThat(
            heartbeatAs(
                TWO, channel(tls(ours, PeerName.of(TWO), Use.BOTH, Duration.ofMinutes(-5)), ONE)))
        .isEqualTo(Status.Code.UNAVAILABLE);
    ManagedChannel plain =
        kept(
            NettyChannelBuilder.forAddress(
                    "127.0.0.1", portOne, InsecureChannelCredentials.create())
                .build());
    assertThat(heartbeatAs(TWO, plain)).isEqualTo(Status.Code.UNAVAILABLE);
    assertThat(inbox.received).isEmpty();
  }

  @Test
  void operatorsCommandAndServersReplicateAndNeitherDoesTheOthers() throws Exception {
    ManagedChannel operator = channel(tls(ours, PeerName.OPERATOR, Use.CLIENT), ONE);
    ManagedChannel two = channel(tls(ours, PeerName.of(TWO), Use.BOTH), ONE);
    assertThat(status(operator)).isEqualTo(Status.Code.OK);
    assertThat(heartbeatAs(TWO, operator)).isEqualTo(Status.Code.PERMISSION_DENIED);
    assertThat(status(two)).isEqualTo(Status.Code.PERMISSION_DENIED);
    assertThat(status(channel(tls(ours, "example.org", Use.BOTH), ONE)))
        .isEqualTo(Status.Code.PERMISSION_DENIED);
  }

  @Test
  void aServerIsNotTakenForAnother() throws Exception {
    // The address leads to server 1, which cannot show that it is server 2; nor can an operator's
    // certificate stand for a server's.
    ManagedChannel wrong = channel(tls(ours, PeerName.of(new ServerId(3)), Use.BOTH), TWO);
    assertThat(heartbeatAs(new ServerId(3), wrong)).isEqualTo(Status.Code.UNAVAILABLE);
    assertThat(inbox.received).isEmpty();
  }

  @Test
  void aPairThatDoesNotBelongTogetherIsRefusedInWords() throws Exception {
    TlsFiles one = files(ours, PeerName.of(ONE), Use.BOTH, DAY);
    TlsFiles two = files(ours, PeerName.of(TWO), Use.BOTH, DAY);
    assertThatThrownBy(
            () -> TlsMaterial.open(new TlsFiles(one.certificate(), two.key(), one.authority())))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("is not the key of the certificate");
    assertThatThrownBy(
            () ->
                TlsMaterial.open(
                    new TlsFiles(directory.resolve("none.pem"), two.key(), one.authority())))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("There is no file");
  }

  private Status.Code heartbeatAs(ServerId from, ManagedChannel channel) {
    Message.Heartbeat heartbeat = heartbeat();
    HeartbeatRequest wire = WireRequests.encode(request(from, ONE, 1, heartbeat), heartbeat);
    try {
      var unused =
          ReplicationServiceGrpc.newBlockingStub(channel)
              .withDeadlineAfter(20, TimeUnit.SECONDS)
              .heartbeat(wire);
      return Status.Code.OK;
    } catch (StatusRuntimeException e) {
      return e.getStatus().getCode();
    }
  }

  private static Status.Code status(ManagedChannel channel) {
    StatusRuntimeException refusal =
        catchThrowableOfType(
            StatusRuntimeException.class,
            () -> {
              var unused =
                  AdminServiceGrpc.newBlockingStub(channel)
                      .withDeadlineAfter(20, TimeUnit.SECONDS)
                      .getServerStatus(GetServerStatusRequest.getDefaultInstance());
            });
    return refusal == null ? Status.Code.OK : refusal.getStatus().getCode();
  }

  private static StreamObserver<ReplicateResponse> ending(CompletableFuture<Status.Code> ended) {
    return new StreamObserver<>() {
      @Override
      public void onNext(ReplicateResponse value) {}

      @Override
      public void onError(Throwable t) {
        ended.complete(Status.fromThrowable(t).getCode());
      }

      @Override
      public void onCompleted() {
        ended.complete(Status.Code.OK);
      }
    };
  }

  private static Message.Heartbeat heartbeat() {
    return (Message.Heartbeat)
        new RandomMessages(7)
            .requests().stream()
                .filter(Message.Heartbeat.class::isInstance)
                .findFirst()
                .orElseThrow();
  }

  private static Message.Answer heartbeatAnswer(Envelope request) {
    return new RandomMessages(7).answersTo((Message.Request) request.message()).get(0);
  }

  private GrpcPeerNetwork network(
      ServerId id, int port, Map<ServerId, InetSocketAddress> peers, PeerSecurity security) {
    return kept(new GrpcPeerNetwork(id, local(port), peers, security));
  }

  private PeerSecurity security(CertificateAuthority by, ServerId id) throws Exception {
    return kept(PeerSecurity.mutualTls(files(by, PeerName.of(id), Use.BOTH, DAY)));
  }

  private ChannelCredentials tls(CertificateAuthority by, String name, Use use) throws Exception {
    return tls(by, name, use, DAY);
  }

  private ChannelCredentials tls(CertificateAuthority by, String name, Use use, Duration validity)
      throws Exception {
    // Whoever issued it: it is the server at the other end that is trusted.
    TlsFiles files = files(by, name, use, validity);
    return kept(TlsMaterial.open(new TlsFiles(files.certificate(), files.key(), authority(ours))))
        .forClient();
  }

  private ChannelCredentials trustingOnly(CertificateAuthority by) throws Exception {
    return TlsChannelCredentials.newBuilder().trustManager(authority(by).toFile()).build();
  }

  private ManagedChannel channel(ChannelCredentials credentials, ServerId expected) {
    return kept(
        NettyChannelBuilder.forAddress("127.0.0.1", portOne, credentials)
            .overrideAuthority(PeerName.of(expected))
            .build());
  }

  private Path authority(CertificateAuthority authority)
      throws IOException, GeneralSecurityException {
    Path file = directory.resolve(authority == ours ? "ours.pem" : "theirs.pem");
    authority.own().write(file, directory.resolve("authority.key"));
    return file;
  }

  private TlsFiles files(CertificateAuthority by, String name, Use use, Duration validity)
      throws IOException, GeneralSecurityException {
    Path certificate = directory.resolve("cert-" + opened.size() + name + ".pem");
    Path key = directory.resolve("cert-" + opened.size() + name + ".key");
    by.issue(List.of(name), use, validity).write(certificate, key);
    return new TlsFiles(certificate, key, authority(by));
  }

  private <T> T kept(T resource) {
    if (resource instanceof AutoCloseable closeable) {
      opened.add(closeable);
    } else if (resource instanceof ManagedChannel channel) {
      opened.add(channel::shutdownNow);
    }
    return resource;
  }
}
