package chat.server.transport;

import static chat.server.transport.Harness.ONE;
import static chat.server.transport.Harness.TWO;
import static chat.server.transport.Harness.answer;
import static chat.server.transport.Harness.eventually;
import static chat.server.transport.Harness.freePort;
import static chat.server.transport.Harness.local;
import static chat.server.transport.Harness.request;
import static org.assertj.core.api.Assertions.assertThat;

import chat.server.replication.Message;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class BrokenConnectionTest {
  // Room for a busy machine, and still below the shortest back-off of gRPC; usual is a tenth of it.
  private static final Duration AT_ONCE = Duration.ofMillis(790);

  private final int portTwo = freePort();
  private final int relayPort = freePort();
  private final Harness.Inbox inbox = new Harness.Inbox();
  private final Harness.Inbox inboxTwo = new Harness.Inbox();
  private final AtomicLong calls = new AtomicLong();
  private GrpcPeerNetwork one = new GrpcPeerNetwork(ONE, local(freePort()), Map.of());

  @AfterEach
  void stop() {
    one.close();
  }

  @Test
  void aRestartedPeerIsReachableAtOnceAndItsBreakWasToldOnce() throws IOException {
    startOne(portTwo);
    GrpcPeerNetwork two = startTwo();
    eventually().until(() -> one.isConnectedTo(TWO));
    inbox.disconnectedNanos.clear();
    two.close();
    soon().until(() -> inbox.disconnections() >= 1);
    for (int restart = 0; restart < 3; restart++) {
      try (GrpcPeerNetwork again = startTwo()) {
        soon().until(() -> one.isConnectedTo(TWO));
        assertReachable(again);
        inbox.disconnectedNanos.clear();
      }
      soon().until(() -> inbox.disconnections() >= 1);
    }
  }

  @Test
  void aResetIsToldAtOnceAndMended() throws IOException {
    try (GrpcPeerNetwork two = startTwo();
        TcpRelay relay = new TcpRelay(relayPort, local(portTwo))) {
      startOne(relayPort);
      eventually().until(() -> one.isConnectedTo(TWO));
      int before = inbox.disconnections();
      relay.resetAll();
      soon().until(() -> inbox.disconnections() == before + 1);
      soon().until(() -> one.isConnectedTo(TWO));
      assertReachable(two);
      assertThat(inbox.disconnections()).isEqualTo(before + 1);
    }
  }

  @Test
  void refusedAttemptsAreToldButNotInAFlood() throws IOException {
    startOne(portTwo);
    eventually().until(() -> inbox.disconnections() >= 5);
    for (int i = 1; i < inbox.disconnections(); i++) {
      long gap = inbox.disconnectedNanos.get(i) - inbox.disconnectedNanos.get(i - 1);
      assertThat(Duration.ofNanos(gap)).isGreaterThan(Duration.ofMillis(50));
    }
  }

  @Test
  void aPeerThatAcceptsAndNeverAnswersCostsNothingAndIsGivenUpForAnother() throws IOException {
    ServerSocket mute = new ServerSocket(portTwo, 50, InetAddress.getLoopbackAddress());
    startOne(portTwo);
    eventually()
        .atMost(6, TimeUnit.SECONDS)
        .until(
            () -> {
              one.send(request(ONE, TWO, calls.incrementAndGet(), new Message.Goodbye()));
              return inbox.disconnections() >= 1;
            });
    assertThat(one.isConnectedTo(TWO)).isFalse();
    mute.close();
    try (GrpcPeerNetwork two = startTwo()) {
      eventually().atMost(6, TimeUnit.SECONDS).until(() -> one.isConnectedTo(TWO));
      assertReachable(two);
    }
  }

  @Test
  void aConnectionThatHasGoneSilentIsReplaced() throws IOException {
    try (GrpcPeerNetwork two = startTwo();
        TcpRelay relay = new TcpRelay(relayPort, local(portTwo))) {
      startOne(relayPort);
      eventually().until(() -> one.isConnectedTo(TWO));
      assertReachable(two);
      relay.swallow();
      eventually()
          .atMost(8, TimeUnit.SECONDS)
          .pollInterval(Duration.ofMillis(100))
          .until(
              () -> {
                one.send(
                    request(ONE, TWO, calls.incrementAndGet(), new Message.StillHeardRequest(TWO)));
                return !one.isConnectedTo(TWO);
              });
      assertThat(inbox.disconnections()).isPositive();
      relay.heal();
      eventually().atMost(6, TimeUnit.SECONDS).until(() -> one.isConnectedTo(TWO));
      assertReachable(two);
    }
  }

  private void startOne(int peerPort) throws IOException {
    one = new GrpcPeerNetwork(ONE, local(freePort()), Map.of(TWO, local(peerPort)));
    one.start(inbox);
  }

  /** Two needs no way to one here but that of its answers. */
  private GrpcPeerNetwork startTwo() throws IOException {
    GrpcPeerNetwork two = new GrpcPeerNetwork(TWO, local(portTwo), Map.of(ONE, local(freePort())));
    two.start(inboxTwo);
    return two;
  }

  private void assertReachable(GrpcPeerNetwork two) {
    inbox.received.clear();
    inboxTwo.onRequest = received -> two.send(answer(received, new Message.StillHeard(TWO)));
    one.send(request(ONE, TWO, calls.incrementAndGet(), new Message.StillHeardRequest(TWO)));
    soon().until(() -> !inbox.received.isEmpty());
  }

  private static ConditionFactory soon() {
    return eventually().atMost(AT_ONCE);
  }
}
