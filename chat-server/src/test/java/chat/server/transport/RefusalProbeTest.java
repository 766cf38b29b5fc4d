package chat.server.transport;

import static chat.server.transport.RefusalProbe.Outcome.NO_PROOF;
import static chat.server.transport.RefusalProbe.Outcome.REFUSED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RefusalProbeTest {
  private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

  private RefusalProbe probe;

  @BeforeEach
  void start() throws IOException {
    probe =
        new RefusalProbe(
            new RefusalProbe.Settings(3, Duration.ofMillis(20), Duration.ofMillis(100)));
  }

  @AfterEach
  void stop() {
    probe.close();
  }

  @Test
  void aPortThatNobodyListensOnRefuses() throws Exception {
    // Bound, so that nobody else takes it; not listening, so that it refuses.
    try (SocketChannel bound = SocketChannel.open()) {
      bound.bind(new InetSocketAddress(LOOPBACK, 0));
      long start = System.nanoTime();
      assertThat(outcome((InetSocketAddress) bound.getLocalAddress())).isEqualTo(REFUSED);
      assertThat(Duration.ofNanos(System.nanoTime() - start))
          .isGreaterThanOrEqualTo(Duration.ofMillis(40));
    }
  }

  @Test
  void aLifeSocketIsNoProof() throws Exception {
    assertThat(outcome(lifeSocket(16).address())).isEqualTo(NO_PROOF);
  }

  @Test
  void aLifeSocketWithAFullQueueIsNoProof() throws Exception {
    LifeSocket life = lifeSocket(1);
    List<Socket> waiting = new ArrayList<>();
    try {
      assertThatThrownBy(
              () -> {
                for (int i = 0; i < 10; i++) {
                  Socket socket = new Socket();
                  waiting.add(socket);
                  socket.connect(life.address(), 50);
                }
              })
          .isInstanceOf(SocketTimeoutException.class);
      assertThat(outcome(life.address())).isEqualTo(NO_PROOF);
    } finally {
      for (Socket socket : waiting) {
        socket.close();
      }
    }
  }

  @Test
  void aLaterAnswerAfterARefusalIsNoProof() throws Exception {
    RefusalProbe patient =
        new RefusalProbe(
            new RefusalProbe.Settings(2, Duration.ofMillis(300), Duration.ofMillis(100)));
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, LOOPBACK)) {
      port = free.getLocalPort();
    }
    InetSocketAddress address = new InetSocketAddress(LOOPBACK, port);
    var outcome = patient.probe(address);
    try (SocketChannel channel = SocketChannel.open()) {
      assertThat(patient.isRefused(channel, address)).isTrue();
    }
    LifeSocket.bind(address);
    assertThat(outcome.get(5, TimeUnit.SECONDS)).isEqualTo(NO_PROOF);
    patient.close();
  }

  @Test
  void aConnectionToItselfIsNoRefusal() throws Exception {
    try (SocketChannel channel = SocketChannel.open()) {
      channel.bind(new InetSocketAddress(LOOPBACK, 0));
      InetSocketAddress self = (InetSocketAddress) channel.getLocalAddress();
      assertThat(probe.isRefused(channel, self)).isFalse();
      assertThat(channel.getRemoteAddress()).isEqualTo(self);
    }
  }

  @Test
  void aNameThatIsUnknownIsNoProof() throws Exception {
    assertThat(outcome(InetSocketAddress.createUnresolved("no-such-host.invalid", 7421)))
        .isEqualTo(NO_PROOF);
  }

  @Test
  void anUnreachableNetworkIsNoProof() throws Exception {
    // TCP to a broadcast address: ENETUNREACH from the kernel, whatever the routes are.
    assertThat(outcome(new InetSocketAddress("255.255.255.255", 7421))).isEqualTo(NO_PROOF);
  }

  @Test
  void aProbeThatIsClosedProvesNothing() throws Exception {
    probe.close();
    assertThat(outcome(new InetSocketAddress(LOOPBACK, 1))).isEqualTo(NO_PROOF);
  }

  @Test
  void aTakenPortIsSaidToBeTaken() throws Exception {
    LifeSocket first = lifeSocket(1);
    assertThatThrownBy(() -> LifeSocket.bind(first.address()))
        .isInstanceOf(BindException.class)
        .hasMessageContaining(String.valueOf(first.address().getPort()))
        .hasMessageContaining("in use");
  }

  @Test
  void aProcessIsProvenDeadOnceItIsKilledAndNotWhileItIsStopped() throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xshare:auto",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                LifeSocketProcess.class.getName())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try {
      BufferedReader output = process.inputReader();
      InetSocketAddress address =
          new InetSocketAddress(LOOPBACK, Integer.parseInt(String.valueOf(output.readLine())));
      // Garbage collections in between: the socket must outlive the object that opened it.
      process.outputWriter().append("xxx").flush();
      assertThat(outcome(address)).isEqualTo(NO_PROOF);
      signal("STOP", process);
      assertThat(outcome(address)).isEqualTo(NO_PROOF);
      process.destroyForcibly().waitFor();
      assertThat(outcome(address)).isEqualTo(REFUSED);
    } finally {
      process.destroyForcibly();
    }
  }

  private static void signal(String name, Process process) throws Exception {
    int exit =
        new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor();
    assertThat(exit).isZero();
  }

  private static LifeSocket lifeSocket(int backlog) throws IOException {
    return LifeSocket.bind(new InetSocketAddress(LOOPBACK, 0), backlog);
  }

  private RefusalProbe.Outcome outcome(InetSocketAddress address) throws Exception {
    return probe.probe(address).get(5, TimeUnit.SECONDS);
  }
}
