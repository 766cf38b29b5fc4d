package chat.client;

import chat.common.ErrorReason;
import chat.v1.ChatServiceGrpc;
import chat.v1.ListMessagesRequest;
import chat.v1.SendMessageRequest;
import chat.v1.SendMessageResponse;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A process on a host of {@link NetworkNamespaces} that does what it is told, a line a command on
 * standard input, and tells what came of it, a line an event on standard output: {@code WHAT MILLIS
 * NAME WORDS...}, separated by tabs, with the wall-clock time. Ends with its input.
 */
public final class NamespaceClient {
  private static final Duration SETUP_MAX = Duration.ofSeconds(25);
  private static final Duration WRITE_MAX = Duration.ofSeconds(3);
  private static final Duration DIRECT_MAX = Duration.ofSeconds(1);

  // Fast enough to show a gap of milliseconds; slow enough to leave the servers their processors.
  private static final long PACE_MILLIS = 20;

  private final ChatClient client;
  private final String addresses;
  private final Map<String, Thread> writers = new ConcurrentHashMap<>();
  private volatile boolean stopping;

  private NamespaceClient(String addresses) {
    this.addresses = addresses;
    this.client = ChatClient.builder().servers(addresses).callTimeout(WRITE_MAX).build();
  }

  /** Runs until the input ends; the argument is the list of servers. */
  public static void main(String[] args) throws IOException {
    NamespaceClient self = new NamespaceClient(args[0]);
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      String[] words = line.split("\t", -1);
      self.inBackground(words[0] + " " + words[1], () -> self.obey(words));
    }
    System.exit(0);
  }

  private Thread inBackground(String name, Task task) {
    Thread thread =
        new Thread(
            () -> {
              try {
                task.run();
              } catch (Exception e) {
                tell("BROKEN", name, e);
              }
            },
            name);
    thread.setDaemon(true);
    thread.start();
    return thread;
  }

  private interface Task {
    void run() throws Exception;
  }

  private void obey(String[] words) throws InterruptedException {
    String name = words[1];
    switch (words[0]) {
      case "account" -> account(name);
      case "write" -> writers.put(name, inBackground(name, () -> write(name, words[2], words[3])));
      case "direct" ->
          writers.put(name, inBackground(name, () -> direct(name, words[2], words[3], words[4])));
      case "watch" -> inBackground("watch", () -> watch(name));
      case "receive" -> inBackground("receive", () -> receive(name, words[2]));
      case "history" -> history(name, words[2], words[3]);
      case "stop" -> {
        stopping = true;
        for (Thread writer : writers.values()) {
          writer.join();
        }
        tell("STOPPED", name);
      }
      default -> throw new IllegalArgumentException(words[0]);
    }
  }

  /** Tells the parent of an event; see {@link NamespaceProcess.Event}. */
  public static void tell(String what, String name, Object... more) {
    StringBuilder line = new StringBuilder(what);
    line.append('\t').append(System.currentTimeMillis()).append('\t').append(name);
    for (Object word : more) {
      line.append('\t').append(String.valueOf(word).replaceAll("[\t\n\r]", " "));
    }
    synchronized (System.out) {
      System.out.println(line);
    }
  }

  private void account(String name) {
    // Everything is cold yet: more patience than with the writes that are measured.
    try (ChatClient patient =
        ChatClient.builder().servers(addresses).callTimeout(SETUP_MAX).build()) {
      patient.createAccount(name, "secret of " + name);
      tell("TOKEN", name, patient.login(name, "secret of " + name).session().token());
    }
  }

  /** Writes through the library until told to stop; then asks again about what is unknown. */
  private void write(String name, String token, String peer) throws InterruptedException {
    ChatSession session = client.resume(name, token);
    List<String[]> unknown = new ArrayList<>();
    for (int number = 0; !stopping; number++) {
      String text = name + " " + number;
      try {
        tell("ACK", name, session.send(peer, text).messageId(), text);
      } catch (OutcomeUnknownException e) {
        tell("UNKNOWN", name, text, e.getMessage());
        unknown.add(new String[] {text, e.requestId()});
      } catch (ChatException e) {
        tell("REFUSED", name, text, e.reason());
      }
      TimeUnit.MILLISECONDS.sleep(PACE_MILLIS);
    }
    for (String[] asked : unknown) {
      SentMessage sent = session.send(peer, asked[0], asked[1]);
      tell(sent.duplicate() ? "SETTLED" : "SETTLED_NOW", name, sent.messageId(), asked[0]);
    }
  }

  /** Writes to one server alone, whatever it is, without the library; and reads from it. */
  private void direct(String name, String address, String token, String peer)
      throws InterruptedException {
    ManagedChannel channel = NettyChannelBuilder.forTarget(address).usePlaintext().build();
    Metadata headers = new Metadata();
    headers.put(
        Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + token);
    ChatServiceGrpc.ChatServiceBlockingStub server =
        ChatServiceGrpc.newBlockingStub(channel)
            .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers));
    for (int number = 0; !stopping; number++) {
      String text = name + " " + number;
      try {
        SendMessageResponse sent =
            server
                .withDeadlineAfter(DIRECT_MAX.toMillis(), TimeUnit.MILLISECONDS)
                .sendMessage(
                    SendMessageRequest.newBuilder()
                        .setRecipient(peer)
                        .setText(text)
                        .setRequestId(text)
                        .build());
        tell("ACK", name, sent.getMessageId(), text);
      } catch (StatusRuntimeException e) {
        tell("DENIED", name, text, ServerError.of(e).exception().reason(), e.getStatus());
      }
      // A read of the newest message: a deposed primary that answers shows an old one.
      try {
        long asked = System.currentTimeMillis();
        long newest =
            server
                .withDeadlineAfter(DIRECT_MAX.toMillis(), TimeUnit.MILLISECONDS)
                .listMessages(ListMessagesRequest.newBuilder().setPeer(peer).setPageSize(1).build())
                .getMessagesList()
                .stream()
                .mapToLong(chat.v1.Message::getMessageId)
                .max()
                .orElse(0);
        tell("READ", name, newest, asked);
      } catch (StatusRuntimeException e) {
        tell("UNREAD", name, ServerError.of(e).exception().reason());
      }
      TimeUnit.MILLISECONDS.sleep(PACE_MILLIS);
    }
    channel.shutdownNow();
  }

  /** Tells what each of the servers says that the cluster is, again and again. */
  private void watch(String name) throws InterruptedException {
    while (true) {
      for (String address : addresses.split(",", -1)) {
        // A client of its own for each: one that knows several asks whoever answers.
        try (ChatClient one = ChatClient.connect(address)) {
          ClusterStatus status = one.clusterStatus();
          tell(
              "STATUS",
              name,
              address,
              status.primaryId(),
              status.epoch(),
              status.viewMemberIds(),
              status.servers().stream().map(ClusterStatus.Server::role).toList(),
              status.summary());
        } catch (ChatException e) {
          tell("STATUSLESS", name, address, e.reason());
        }
      }
      TimeUnit.MILLISECONDS.sleep(100);
    }
  }

  private void receive(String name, String token) throws InterruptedException {
    try (MessageStream stream = client.resume(name, token).receive()) {
      for (Optional<ReceiveEvent> event = stream.next(); event.isPresent(); event = stream.next()) {
        if (event.get() instanceof ReceiveEvent.Arrived arrived) {
          tell("RECEIVED", name, arrived.message().messageId(), arrived.message().text());
        } else {
          tell("STREAM", name, event.get());
        }
      }
    }
  }

  /** All messages with a peer, as the cluster has them; asked until there is an answer. */
  private void history(String name, String token, String peer) {
    ChatSession session = client.resume(name, token);
    @Nullable List<ChatMessage> messages = null;
    while (messages == null) {
      try {
        messages = session.history(peer).toList();
      } catch (ChatException e) {
        if (e.reason() != ErrorReason.NO_PRIMARY) {
          throw e;
        }
      }
    }
    messages.forEach(message -> tell("HISTORY", name, message.messageId(), message.text()));
    tell("HISTORY_END", name, messages.size());
  }
}
