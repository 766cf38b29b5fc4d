package chat.client.chaos;

import chat.client.ChatClient;
import chat.client.ChatMessage;
import chat.client.MessageStream;
import chat.client.NamespaceClient;
import chat.client.ReceiveEvent;
import chat.v1.GetClusterStatusResponse;
import chat.v1.SendMessageResponse;
import chat.v1.ServerStatus;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Writes to every server alone, all the time, whatever it is, and notes who says yes: only the
 * acting primary may. What a frozen or deposed server finds in its sockets when it wakes up is a
 * handful of such messages. Somebody receives all of it through the library.
 */
final class DirectTraffic implements AutoCloseable {
  private static final String PASSWORD = "correct horse battery staple";
  private static final String RECIPIENT = "witness";

  /** Longer than a server is frozen or cut off: it shall answer when it comes back. */
  private static final Duration ANSWER_MAX = Duration.ofSeconds(15);

  private static final Duration STATUS_MAX = Duration.ofMillis(800);
  private static final int UNANSWERED_MAX = 12;
  private static final long PACE_MILLIS = 50;
  private static final long STATUS_MILLIS = 100;

  private final AcknowledgementOrder order;
  private final List<DirectServer> servers = new ArrayList<>();
  private final MessageStream stream;
  private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
  private final AtomicInteger unanswered = new AtomicInteger();
  private volatile boolean stopping;

  // Guarded by this.
  private final Map<Long, String> acknowledged = new HashMap<>();
  private final Map<Long, String> received = new HashMap<>();
  private final Set<String> receivedTexts = new HashSet<>();
  private final List<String> wrong = new ArrayList<>();
  private long newestReceived;

  /** Makes the accounts; needs a cluster that serves. Servers are numbered from 1 on. */
  DirectTraffic(ChatClient client, List<String> addresses, AcknowledgementOrder order) {
    this.order = order;
    client.createAccount(RECIPIENT, PASSWORD);
    stream = client.login(RECIPIENT, PASSWORD).session().receive();
    for (int id = 1; id <= addresses.size(); id++) {
      String name = "direct-" + id;
      client.createAccount(name, PASSWORD);
      String token = client.login(name, PASSWORD).session().token();
      servers.add(new DirectServer(id, addresses.get(id - 1), token));
    }
  }

  void start() {
    Thread reader = new Thread(this::read, "reads-" + RECIPIENT);
    reader.setDaemon(true);
    reader.start();
    for (DirectServer server : servers) {
      AtomicInteger waiting = new AtomicInteger();
      AtomicInteger number = new AtomicInteger();
      every(PACE_MILLIS, () -> write(server, waiting, number));
      every(STATUS_MILLIS, () -> askStatus(server));
    }
  }

  private void every(long millis, Runnable work) {
    var unused = timer.scheduleWithFixedDelay(work, 0, millis, TimeUnit.MILLISECONDS);
  }

  private static void askStatus(DirectServer server) {
    var unused = server.status(STATUS_MAX).thenAccept(status -> tell(server.id(), status));
  }

  private static void tell(int id, GetClusterStatusResponse status) {
    String role =
        status.getServersList().stream()
            .filter(server -> server.getServerId() == id)
            .map(ServerStatus::getRole)
            .findAny()
            .map(Enum::name)
            .orElse("");
    NamespaceClient.tell(
        "STATUS",
        Integer.toString(id),
        status.getPrimaryId(),
        status.getEpoch(),
        status.getViewMemberIdsList(),
        role);
  }

  private void write(DirectServer server, AtomicInteger waiting, AtomicInteger number) {
    if (stopping || waiting.get() >= UNANSWERED_MAX) {
      return;
    }
    String text = server.id() + " " + number.getAndIncrement();
    long asked = System.nanoTime();
    waiting.incrementAndGet();
    unanswered.incrementAndGet();
    var unused =
        server
            .send(RECIPIENT, text, ANSWER_MAX)
            .whenComplete(
                (answer, refused) -> {
                  if (answer != null) {
                    acknowledged(server.id(), asked, text, answer);
                  }
                  waiting.decrementAndGet();
                  unanswered.decrementAndGet();
                });
  }

  private void acknowledged(int server, long asked, String text, SendMessageResponse answer) {
    order.add(server, asked, System.nanoTime(), answer.getMessageId());
    synchronized (this) {
      acknowledged.put(answer.getMessageId(), text);
    }
  }

  private void read() {
    try {
      for (var event = stream.next(); event.isPresent(); event = stream.next()) {
        if (event.get() instanceof ReceiveEvent.Arrived arrived) {
          take(arrived.message());
          var unused = stream.acknowledge(arrived.message());
        }
      }
    } catch (InterruptedException | RuntimeException e) {
      NamespaceClient.tell("BROKEN", RECIPIENT, e);
    }
  }

  private synchronized void take(ChatMessage message) {
    if (message.messageId() <= newestReceived) {
      wrong.add("message " + message.messageId() + " came after " + newestReceived);
    }
    newestReceived = Math.max(newestReceived, message.messageId());
    received.put(message.messageId(), message.text());
    if (!receivedTexts.add(message.text())) {
      wrong.add("\"" + message.text() + "\" came twice");
    }
  }

  /** What came twice or out of order. */
  synchronized List<String> wrong() {
    return List.copyOf(wrong);
  }

  /** What was acknowledged and has not come, or not as it was. */
  synchronized List<String> lost() {
    return acknowledged.entrySet().stream()
        .filter(entry -> !entry.getValue().equals(received.get(entry.getKey())))
        .map(entry -> "\"" + entry.getValue() + "\", message " + entry.getKey())
        .toList();
  }

  /** Stops writing, and waits until everything has an answer and everything acknowledged came. */
  void finish(Duration patience) throws InterruptedException {
    stopping = true;
    long deadline = System.nanoTime() + patience.toNanos();
    while ((unanswered.get() > 0 || !lost().isEmpty()) && System.nanoTime() - deadline < 0) {
      TimeUnit.MILLISECONDS.sleep(STATUS_MILLIS);
    }
  }

  @Override
  public void close() {
    timer.shutdownNow();
    servers.forEach(DirectServer::close);
  }
}
