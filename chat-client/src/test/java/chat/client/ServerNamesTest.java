package chat.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import chat.client.ServerDirectory.HostPort;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Names with several addresses, names that move, IPv6. */
class ServerNamesTest {
  private static final String NAME = "chat.test";
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  private final Map<String, List<InetAddress>> names = new ConcurrentHashMap<>();
  private final AtomicInteger lookups = new AtomicInteger();
  private FakeCluster cluster;

  @BeforeEach
  void startThreeServersBehindOneName() throws Exception {
    cluster =
        new FakeCluster(
            List.of(address("127.0.0.11"), address("127.0.0.12"), address("127.0.0.13")));
    cluster.chat.create("alice", "secret");
    names.put(NAME, List.of(address("127.0.0.11"), address("127.0.0.12"), address("127.0.0.13")));
  }

  @AfterEach
  void stop() {
    cluster.close();
  }

  private static InetAddress address(String literal) throws UnknownHostException {
    return InetAddress.getByName(literal);
  }

  private InetAddress[] lookUp(String host) throws UnknownHostException {
    lookups.incrementAndGet();
    List<InetAddress> found = names.get(host);
    if (found == null) {
      throw new UnknownHostException(host);
    }
    return found.toArray(InetAddress[]::new);
  }

  private ChatClient client() {
    return ChatClient.builder()
        .servers(NAME + ":" + cluster.server(1).port())
        .nameLookup(this::lookUp)
        .callTimeout(PATIENCE)
        .attemptTimeout(Duration.ofMillis(500))
        .build();
  }

  @Test
  void oneNameOfSeveralServersLeadsToThePrimaryAndToItsHeirs() {
    cluster.promote(3);
    try (ChatClient client = client()) {
      ChatSession alice = client.login("alice", "secret").session();
      alice.send("alice", "message 0");
      cluster.killPrimary();
      cluster.promote(1);
      alice.send("alice", "message 1");
      cluster.killPrimary();
      cluster.promote(2);
      alice.send("alice", "message 2");
    }
    assertThat(cluster.inbox("alice")).containsExactly("message 0", "message 1", "message 2");
  }

  @Test
  void aNameThatMovesIsLookedUpAgain() throws Exception {
    names.put(NAME, List.of(address("127.0.0.11")));
    // Learned addresses must not help here: nobody is named but by DNS.
    cluster.server(3).kill();
    cluster.promote(1);
    try (ChatClient client = client()) {
      ChatSession alice = client.login("alice", "secret").session();
      cluster.server(1).kill();
      cluster.server(2).kill();
      names.put(NAME, List.of(address("127.0.0.12")));
      cluster.server(2).start();
      cluster.promote(2);
      alice.send("alice", "found");
    }
    assertThat(cluster.inbox("alice")).containsExactly("found");
  }

  @Test
  void aNameServiceThatFailsCostsNoConnectionThatWorks() {
    cluster.promote(3);
    try (ChatClient client = client()) {
      ChatSession alice = client.login("alice", "secret").session();
      names.clear();
      int before = lookups.get();
      cluster.killPrimary();
      cluster.promote(2);
      alice.send("alice", "still there");
      // On a thread of gRPC's, which the answer by another connection may overtake.
      await("looked up again when a connection broke").until(() -> lookups.get() > before);
    }
    assertThat(cluster.inbox("alice")).containsExactly("still there");
  }

  @Test
  void whoAsksAnyServerWaitsForTheNamesThatComeALittleLater() throws Exception {
    cluster.promote(3);
    cluster.server(1).kill();
    int port = cluster.server(1).port();
    names.put("first.test", List.of(address("127.0.0.11")));
    names.put("others.test", List.of(address("127.0.0.12"), address("127.0.0.13")));
    for (int i = 0; i < 10; i++) {
      try (ChatClient client =
          ChatClient.builder()
              .servers("first.test:" + port, "others.test:" + port)
              .nameLookup(
                  host -> {
                    if (host.equals("others.test")) {
                      awaitUnlessInterrupted(laterBy(Duration.ofMillis(20)));
                    }
                    return lookUp(host);
                  })
              .callTimeout(PATIENCE)
              .build()) {
        assertThat(client.clusterStatus().servers()).isNotEmpty();
      }
    }
  }

  private static CountDownLatch laterBy(Duration time) {
    CountDownLatch latch = new CountDownLatch(1);
    CompletableFuture.delayedExecutor(time.toMillis(), TimeUnit.MILLISECONDS)
        .execute(latch::countDown);
    return latch;
  }

  @Test
  void aNameThatNobodyAnswersForHoldsUpNoOther() {
    cluster.promote(3);
    CountDownLatch over = new CountDownLatch(1);
    int port = cluster.server(1).port();
    try (ChatClient client =
        ChatClient.builder()
            .servers("slow.test:" + port, NAME + ":" + port)
            .nameLookup(
                host -> {
                  if (host.equals("slow.test")) {
                    awaitUnlessInterrupted(over);
                  }
                  return lookUp(host);
                })
            .callTimeout(Duration.ofSeconds(20))
            .build()) {
      client.login("alice", "secret").session().send("alice", "in time");
    } finally {
      over.countDown();
    }
    assertThat(cluster.inbox("alice")).containsExactly("in time");
  }

  private static void awaitUnlessInterrupted(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void aNameThatNobodyKnowsIsSaidInWords() {
    names.clear();
    try (ChatClient client = client()) {
      assertThatThrownBy(client::clusterStatus)
          .isInstanceOf(ChatException.class)
          .hasMessageContaining(NAME)
          .hasStackTraceContaining("No address is known for [" + NAME + "]");
    }
  }

  @Test
  void serversAtIpv6AddressesAreServersToo() throws Exception {
    InetAddress loopback = address("::1");
    try (ServerSocket probe = new ServerSocket()) {
      probe.bind(new InetSocketAddress(loopback, 0));
    } catch (IOException e) {
      System.err.println("**** ServerNamesTest: IPv6 IS SKIPPED: " + e.getMessage() + " ****");
      Assumptions.abort("no IPv6");
    }
    try (FakeCluster six = new FakeCluster(List.of(loopback))) {
      six.promote(1);
      six.chat.create("alice", "secret");
      try (ChatClient client =
          ChatClient.builder()
              .servers("[::1]:" + six.server(1).port())
              .callTimeout(PATIENCE)
              .build()) {
        client.login("alice", "secret").session().send("alice", "over six");
        assertThat(client.clusterStatus().primary()).isPresent();
      }
      assertThat(six.inbox("alice")).containsExactly("over six");
    }
  }

  @Test
  void addressesAreReadAsTheyAreWritten() {
    assertThat(HostPort.parse("[2001:DB8::1]:7402"))
        .isEqualTo(new HostPort("2001:db8::1", 7402))
        .hasToString("[2001:db8::1]:7402");
    assertThat(HostPort.parse("Chat.Example.org")).hasToString("chat.example.org:7401");
    assertThat(HostPort.parse("[::1]")).matches(HostPort::isLoopback);
    assertThat(HostPort.parse("127.9.9.9")).matches(HostPort::isLoopback);
    assertThat(HostPort.parse("127.example.org")).matches(address -> !address.isLoopback());
    assertThatThrownBy(() -> HostPort.parse("::1"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("[::1]:7401");
    assertThat(new ServerDirectory(List.of("[::1]:7401", "h:7402")).target())
        .isEqualTo("chat:///%5B::1%5D:7401,h:7402");
  }
}
