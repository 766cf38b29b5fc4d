package chat.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import chat.client.HostileServer.Habit;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Servers that are hostile below the contract. Whatever they do, every call ends within its time,
 * with an exception of this library: a write that may have been taken as unknown, with its id.
 */
@Timeout(180)
class HostileWireTest {
  private static final Duration WHOLE = Duration.ofMillis(1500);

  /** For a machine that does other things too. */
  private static final Duration SLACK = Duration.ofSeconds(40);

  /** Of what is done to them here gRPC's both sides would tell for thousands of lines. */
  private static final Logger GRPC = Logger.getLogger("io.grpc");

  @BeforeAll
  static void silence() {
    GRPC.setLevel(Level.OFF);
  }

  @AfterAll
  static void speak() {
    GRPC.setLevel(null);
  }

  private static ChatClient.Builder builder() {
    return ChatClient.builder()
        .callTimeout(WHOLE)
        .attemptTimeout(Duration.ofMillis(500))
        .streamSilence(Duration.ofMillis(500));
  }

  private static void logIn(String address) {
    try (ChatClient client = builder().servers(address).build()) {
      client.login("alice", "secret");
    }
  }

  private interface Asking {
    void ask() throws Exception;
  }

  private static CompletableFuture<Throwable> failure(Asking asking) {
    return CompletableFuture.supplyAsync(() -> catchThrowable(asking::ask));
  }

  private static Throwable await(CompletableFuture<Throwable> failure) throws Exception {
    return failure.get(WHOLE.plus(SLACK).toSeconds(), TimeUnit.SECONDS);
  }

  @ParameterizedTest
  @EnumSource
  void everyCallEndsInTimeAndInWords(Habit habit) throws Exception {
    try (HostileServer server = new HostileServer(habit);
        ChatClient client = builder().servers(server.address()).build();
        MessageStream stream = client.resume("alice", "token").receive();
        MessageSender sender = client.resume("alice", "token").openSender(2)) {
      ChatSession alice = client.resume("alice", "token");
      CompletableFuture<SentMessage> piped = sender.send("bob", "hello", "id-piped");
      CompletableFuture<Throwable> sent = failure(() -> alice.send("bob", "hello", "id-sent"));
      CompletableFuture<Throwable> login = failure(() -> client.login("alice", "secret"));
      CompletableFuture<Throwable> closed = failure(sender::close);

      // An answer of another type reads as an empty page: no more can be known.
      if (habit == Habit.NEVER_ANSWERS || habit == Habit.BREAKS_OFF) {
        assertThat(await(failure(() -> alice.fetch(10)))).isInstanceOf(ChatException.class);
        assertThat(await(failure(client::clusterStatus))).isInstanceOf(ChatException.class);
      }
      assertThat(await(login)).isInstanceOf(ChatException.class);
      assertThat(await(sent))
          .isInstanceOfSatisfying(
              OutcomeUnknownException.class,
              unknown -> assertThat(unknown.requestId()).isEqualTo("id-sent"));
      assertThat(await(closed)).isNull();
      assertThat(catchThrowable(() -> Answers.await(piped, "")))
          .isInstanceOfSatisfying(
              OutcomeUnknownException.class,
              unknown -> assertThat(unknown.requestId()).isEqualTo("id-piped"));
      // The stream goes on trying: it never shows what is none, and never fails of it.
      List<ReceiveEvent> events = new ArrayList<>();
      for (Optional<ReceiveEvent> event = stream.poll(Duration.ofMillis(100));
          event.isPresent() && events.size() < 20;
          event = stream.poll(Duration.ofMillis(100))) {
        events.add(event.get());
      }
      assertThat(events).isNotEmpty().noneMatch(ReceiveEvent.Arrived.class::isInstance);
      assertThat(server.calls.get()).as("calls, none of them a storm").isBetween(3, 400);
    }
  }

  /** Takes connections and does with each what it is told to; nothing of it is HTTP/2. */
  private static final class RawServer implements AutoCloseable {
    private final ServerSocket listening;
    private final ConcurrentLinkedQueue<Socket> taken = new ConcurrentLinkedQueue<>();

    RawServer(Consumer<Socket> habit) throws IOException {
      listening = new ServerSocket(FakeCluster.freePort(), 50, InetAddress.getLoopbackAddress());
      Thread thread =
          new Thread(
              () -> {
                while (!listening.isClosed()) {
                  try {
                    Socket socket = listening.accept();
                    taken.add(socket);
                    habit.accept(socket);
                  } catch (IOException | UncheckedIOException e) {
                    // The client has gone, or the test is over.
                  }
                }
              },
              "raw server");
      thread.setDaemon(true);
      thread.start();
    }

    String address() {
      return "127.0.0.1:" + listening.getLocalPort();
    }

    @Override
    public void close() throws IOException {
      listening.close();
      for (Socket socket : taken) {
        socket.close();
      }
    }
  }

  private static void say(Socket socket, byte[] words) {
    try {
      socket.getOutputStream().write(words);
      socket.getOutputStream().flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void hangUp(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void whatIsNotEvenHttp2IsNoServer() throws Exception {
    byte[] frame = new byte[9 + 16_384];
    // A frame of HTTP/2 of a type and a stream that do not exist, full of nothing.
    frame[0] = 0;
    frame[1] = 0x40;
    frame[3] = 0x7F;
    frame[8] = 0x7F;
    try (RawServer mute = new RawServer(socket -> {});
        RawServer slammer = new RawServer(HostileWireTest::hangUp);
        RawServer web =
            new RawServer(
                socket -> say(socket, "HTTP/1.1 400 Bad Request\r\n\r\n".getBytes(UTF_8)));
        RawServer garbage = new RawServer(socket -> say(socket, new byte[100_000]));
        RawServer framed = new RawServer(socket -> say(socket, frame))) {
      List<String> all =
          List.of(
              mute.address(),
              slammer.address(),
              web.address(),
              garbage.address(),
              framed.address());
      List<CompletableFuture<Throwable>> logins =
          all.stream().map(address -> failure(() -> logIn(address))).toList();
      for (CompletableFuture<Throwable> login : logins) {
        assertThat(await(login))
            .isInstanceOf(ChatException.class)
            .hasMessageContaining("nothing was sent");
      }
      // And none of them stands in the way of one that works.
      try (FakeCluster cluster = new FakeCluster(1)) {
        cluster.promote(1);
        cluster.chat.create("alice", "secret");
        try (ChatClient client =
            ChatClient.builder()
                .servers(String.join(",", all), cluster.addresses())
                .callTimeout(SLACK)
                .build()) {
          client.login("alice", "secret").session().send("alice", "through them all");
        }
        assertThat(cluster.inbox("alice")).containsExactly("through them all");
      }
    }
  }
}
