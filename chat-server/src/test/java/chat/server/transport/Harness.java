package chat.server.transport;

import chat.server.replication.Envelope;
import chat.server.replication.Epoch;
import chat.server.replication.Incarnation;
import chat.server.replication.Message;
import chat.server.replication.ServerId;
import chat.server.runtime.PeerNetwork;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;

/** What the tests of this room share. */
final class Harness {
  static final ServerId ONE = new ServerId(1);
  static final ServerId TWO = new ServerId(2);
  static final ServerId THREE = new ServerId(3);
  static final Incarnation FIRST = new Incarnation(1);

  private Harness() {}

  /** Below the ephemeral range: a connection to oneself would be taken for a listening peer. */
  static int freePort() {
    int port;
    do {
      port = ThreadLocalRandom.current().nextInt(20_000, 32_000);
    } while (!isFree(port));
    return port;
  }

  private static boolean isFree(int port) {
    try (ServerSocket socket = new ServerSocket()) {
      socket.bind(local(port));
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  static InetSocketAddress local(int port) {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
  }

  /** Looks every few milliseconds: what is waited for here usually takes no longer. */
  static ConditionFactory eventually() {
    return Awaitility.await().pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(2));
  }

  static Envelope request(ServerId from, ServerId to, long call, Message.Request message) {
    return new Envelope(header(from, FIRST), to, Incarnation.NONE, call, message);
  }

  static Envelope answer(Envelope request, Message.Answer message) {
    return new Envelope(
        header(request.to(), FIRST),
        request.from(),
        request.header().incarnation(),
        request.call(),
        message);
  }

  static Envelope.Header header(ServerId from, Incarnation incarnation) {
    return new Envelope.Header(
        "cluster", 1, "[1, 2, 3]", from, "disk-" + from, incarnation, Epoch.ZERO);
  }

  /** Keeps what arrives, and hands requests to whoever answers them. Thread-safe. */
  static final class Inbox implements PeerNetwork.Receiver {
    final List<Envelope> received = new CopyOnWriteArrayList<>();
    final List<Long> disconnectedNanos = new CopyOnWriteArrayList<>();
    volatile Consumer<Envelope> onRequest = envelope -> {};

    @Override
    public void received(Envelope envelope) {
      received.add(envelope);
      if (envelope.message() instanceof Message.Request) {
        onRequest.accept(envelope);
      }
    }

    @Override
    public void disconnected(ServerId peer) {
      disconnectedNanos.add(System.nanoTime());
    }

    int disconnections() {
      return disconnectedNanos.size();
    }
  }
}
