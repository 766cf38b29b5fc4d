package chat.server.transport;

import static chat.server.transport.Harness.ONE;
import static chat.server.transport.Harness.TWO;
import static chat.server.transport.Harness.eventually;
import static chat.server.transport.Harness.freePort;
import static chat.server.transport.Harness.local;
import static org.assertj.core.api.Assertions.assertThat;

import chat.server.transport.CertificateAuthority.Use;
import io.grpc.ChannelCredentials;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.TlsChannelCredentials;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Connections by the thousand, of people who say nothing, little, or nonsense. {@code
 * -Dchat.flood.connections} is how many.
 */
class FloodTest {
  private static final int CONNECTIONS = Integer.getInteger("chat.flood.connections", 1500);
  private static final int MAX = 200;
  private static final int STRANGERS_MAX = 40;
  private static final byte[] PREFACE =
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

  @TempDir Path directory;

  private final int port = freePort();
  private final ConnectionBounds bounds = new ConnectionBounds("test port", MAX, STRANGERS_MAX);
  private final List<SocketChannel> sockets = new ArrayList<>();

  @AfterEach
  void closeSockets() throws IOException {
    for (SocketChannel socket : sockets) {
      // Without a farewell, or their ports are kept for a minute.
      socket.setOption(StandardSocketOptions.SO_LINGER, 0);
      socket.close();
    }
  }

  @Test
  void silentConnectionsMakeRoomForARealClient() throws Exception {
    try (ClientPort clients = new ClientPort(local(port), null, bounds)) {
      Server server = start(clients);
      flood(port, new byte[0]);
      assertServes(InsecureChannelCredentials.create());
      assertThat(bounds.strangers()).isLessThanOrEqualTo(STRANGERS_MAX);
      eventually().until(() -> bounds.count() <= STRANGERS_MAX + 1);
      server.shutdownNow();
    }
  }

  @Test
  void soDoThoseThatBeginAHandshakeAndStop() throws Exception {
    CertificateAuthority authority = CertificateAuthority.create("authority");
    Path trusted = directory.resolve("ca.pem");
    authority.own().write(trusted, directory.resolve("ca.key"));
    TlsFiles files =
        new TlsFiles(directory.resolve("cert.pem"), directory.resolve("cert.key"), null);
    authority
        .issue(List.of("127.0.0.1"), Use.SERVER, Duration.ofDays(1))
        .write(files.certificate(), files.key());
    try (TlsMaterial tls = TlsMaterial.open(files);
        ClientPort clients = new ClientPort(local(port), tls, bounds)) {
      Server server = start(clients);
      // The head of a handshake record that promises more.
      flood(port, new byte[] {0x16, 3, 1, 2, 0, 1});
      assertServes(TlsChannelCredentials.newBuilder().trustManager(trusted.toFile()).build());
      assertThat(bounds.strangers()).isLessThanOrEqualTo(STRANGERS_MAX);
      server.shutdownNow();
    }
  }

  @Test
  void nonsenseAndHalfAPrefaceDoNotCountAsAClient() throws Exception {
    try (ClientPort clients = new ClientPort(local(port), null, bounds)) {
      Server server = start(clients);
      byte[] half = Arrays.copyOf(PREFACE, PREFACE.length / 2);
      for (int i = 0; i < STRANGERS_MAX; i++) {
        connect(port, half);
        connect(
            port,
            "GET / HTTP/1.1\r\nHost: chat.example.org\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      }
      eventually().until(() -> bounds.count() <= STRANGERS_MAX);
      assertServes(InsecureChannelCredentials.create());
      server.shutdownNow();
    }
  }

  @Test
  void oneAddressHasHalfOfThePortAndNoMore() throws Exception {
    try (ClientPort clients = new ClientPort(local(port), null, bounds)) {
      Server server = start(clients);
      byte[] hello = Arrays.copyOf(PREFACE, PREFACE.length + 9);
      // An empty SETTINGS frame.
      hello[PREFACE.length + 3] = 4;
      for (int i = 0; i < MAX; i++) {
        connect(port, hello);
        if (i % (STRANGERS_MAX / 2) == 0) {
          eventually().until(() -> bounds.strangers() == 0);
        }
      }
      eventually().until(() -> bounds.strangers() == 0);
      assertThat(bounds.count()).isEqualTo(MAX / 2);
      server.shutdownNow();
    }
  }

  @Test
  void serversFindEachOtherBesideAFlood() throws Exception {
    try (GrpcPeerNetwork one =
            new GrpcPeerNetwork(ONE, local(port), Map.of(TWO, local(freePort())));
        GrpcPeerNetwork two =
            new GrpcPeerNetwork(TWO, local(freePort()), Map.of(ONE, local(port)))) {
      one.start(new Harness.Inbox());
      flood(port, new byte[0]);
      two.start(new Harness.Inbox());
      eventually().until(() -> two.isConnectedTo(ONE));
    }
  }

  @Test
  void aFloodOfALifeSocketIsNeitherARefusalNorLife() throws Exception {
    InetSocketAddress alive = LifeSocket.bind(local(0)).address();
    int dead = freePort();
    try (RefusalProbe probe = new RefusalProbe(RefusalProbe.Settings.DEFAULT)) {
      for (int i = 0; i < CONNECTIONS; i++) {
        begin(alive);
        begin(local(dead));
        if (i % (CONNECTIONS / 10) == 0) {
          assertThat(probe.probe(alive).get(10, TimeUnit.SECONDS))
              .isEqualTo(RefusalProbe.Outcome.NO_PROOF);
          assertThat(probe.probe(local(dead)).get(10, TimeUnit.SECONDS))
              .isEqualTo(RefusalProbe.Outcome.REFUSED);
        }
      }
    }
  }

  private static Server start(ClientPort clients) throws IOException {
    return clients
        .builder()
        .addService(new HealthStatusManager().getHealthService())
        .build()
        .start();
  }

  private void assertServes(ChannelCredentials credentials) {
    ManagedChannel channel = NettyChannelBuilder.forAddress("127.0.0.1", port, credentials).build();
    try {
      assertThat(
              HealthGrpc.newBlockingStub(channel)
                  .withWaitForReady()
                  .withDeadlineAfter(20, TimeUnit.SECONDS)
                  .check(HealthCheckRequest.getDefaultInstance())
                  .getStatus())
          .isEqualTo(HealthCheckResponse.ServingStatus.SERVING);
    } finally {
      channel.shutdownNow();
    }
  }

  private void flood(int target, byte[] said) throws IOException {
    for (int i = 0; i < CONNECTIONS; i++) {
      connect(target, said);
    }
  }

  private void connect(int target, byte[] said) throws IOException {
    SocketChannel socket = SocketChannel.open(local(target));
    sockets.add(socket);
    ByteBuffer bytes = ByteBuffer.wrap(said);
    while (bytes.hasRemaining()) {
      socket.write(bytes);
    }
  }

  /** Does not wait for an answer. */
  private void begin(InetSocketAddress target) throws IOException {
    SocketChannel socket = SocketChannel.open();
    sockets.add(socket);
    socket.configureBlocking(false);
    try {
      socket.connect(target);
    } catch (ConnectException e) {
      // Refused at once, as on loopback it may be.
      assertThat(socket.isConnected()).isFalse();
    }
  }
}
