package chat.client;

import chat.common.ErrorReason;
import io.grpc.Status;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Servers over real sockets that share one state in memory, one of them primary. They can be
 * killed, started again on their port, frozen, and made primary.
 */
public final class FakeCluster implements AutoCloseable {
  private static final AtomicInteger NEXT_PORT =
      new AtomicInteger(20_000 + (int) (ProcessHandle.current().pid() % 10_000));

  final FakeChat chat = new FakeChat();
  private final List<FakeServer> servers = new ArrayList<>();
  private volatile int primaryId;

  public FakeCluster(int size) {
    for (int id = 1; id <= size; id++) {
      add(InetAddress.getLoopbackAddress(), freePort());
    }
  }

  /** Servers at these addresses, all with the same port, as behind a name. */
  FakeCluster(List<InetAddress> hosts) {
    int port = freePort();
    hosts.forEach(host -> add(host, port));
  }

  private void add(InetAddress host, int port) {
    FakeServer server = new FakeServer(this, servers.size() + 1, host, port);
    servers.add(server);
    server.start();
  }

  /** Below the range of outgoing connections, where a client could meet itself. */
  static int freePort() {
    while (true) {
      int port = NEXT_PORT.getAndIncrement();
      if (isFree(port)) {
        return port;
      }
    }
  }

  private static boolean isFree(int port) {
    try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
      return socket.isBound();
    } catch (IOException e) {
      return false;
    }
  }

  FakeServer server(int id) {
    return servers.get(id - 1);
  }

  List<FakeServer> servers() {
    return servers;
  }

  int primaryId() {
    return primaryId;
  }

  FakeServer primary() {
    return server(primaryId);
  }

  /** Makes a server primary, and every other that can still hear it a backup. */
  public void promote(int id) {
    primaryId = id;
    for (FakeServer server : servers) {
      server.roleChanged();
    }
  }

  public void demote() {
    promote(0);
  }

  /** Puts a message into an inbox as if somebody had sent it. */
  public void post(String sender, String recipient, String text) {
    chat.send(sender, recipient, text, "posted " + text);
    servers.forEach(FakeServer::pushIfUp);
  }

  /** The texts that somebody was sent. */
  public List<String> inbox(String name) {
    return chat.inboxTexts(name);
  }

  /** Up to which message somebody has acknowledged. */
  public long acknowledged(String name) {
    return chat.acknowledged(name);
  }

  /** From now on an inbox is full with so many undelivered messages. */
  public void limitInboxes(int most) {
    chat.limitInboxes(most);
  }

  /** Empties an inbox, as its reader does. */
  public void acknowledgeAll(String name) {
    chat.acknowledgeAll(name);
  }

  /** The primary answers no more, and nobody takes its place until somebody is promoted. */
  public void freezePrimary() {
    primary().freeze();
  }

  /** A server refuses every message with this reason, whatever it knows about it. */
  public void refuse(int id, ErrorReason reason) {
    server(id).service().hostility =
        () -> {
          refuse(id, reason);
          return FakeChat.refusal(Status.Code.RESOURCE_EXHAUSTED, reason, "Not now: " + reason);
        };
  }

  /** Starts a server that was killed. */
  public void start(int id) {
    server(id).start();
  }

  /** Takes the primary's place away from it, as kill -9 does. */
  public void killPrimary() {
    primary().kill();
  }

  public String addresses() {
    return String.join(",", servers.stream().map(FakeServer::address).toList());
  }

  ChatClient.Builder clientBuilder() {
    return ChatClient.builder().servers(addresses());
  }

  @Override
  public void close() {
    servers.forEach(FakeServer::kill);
  }
}
