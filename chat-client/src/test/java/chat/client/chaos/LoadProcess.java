package chat.client.chaos;

import chat.client.ChatClient;
import chat.client.ChatMessage;
import chat.client.NamespaceClient;
import chat.client.SentMessage;
import chat.client.demo.Traffic;
import chat.client.verify.DeliveryLedger;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/**
 * All clients of a run, in a process of their own that no fault touches. Writes from its start on,
 * and tells its parent what it sees, as {@link chat.client.NamespaceClient} does; {@code finish}
 * has everybody stop, counts, and tells the figures. Every acknowledgement is in a file.
 */
final class LoadProcess {
  /** Shorter times without an acknowledgement are nobody's business. */
  static final long GAP_MILLIS_MIN = 30;

  private static final String NAME = "load";
  private static final int IN_FLIGHT = 16;
  private static final Duration NEVER_GIVE_UP = Duration.ofMinutes(10);
  private static final Duration DELIVERY_LATE = Duration.ofSeconds(1);
  private static final long REPORT_MILLIS = 100;

  private final DeliveryLedger ledger = new DeliveryLedger();
  private final AcknowledgementOrder order = new AcknowledgementOrder();
  private final Map<Long, Long> acceptedMillis = new ConcurrentHashMap<>();
  private final BufferedWriter history;
  private final Traffic traffic;
  private final DirectTraffic direct;

  // Guarded by this.
  private long lastMillis;
  private long longestDeliveryMillis;

  private LoadProcess(List<String> addresses, int people, int rate, Path history)
      throws IOException {
    this.history = Files.newBufferedWriter(history);
    // Its streams live as long as this process.
    ChatClient client =
        ChatClient.builder()
            .servers(addresses.toArray(String[]::new))
            .callTimeout(NEVER_GIVE_UP)
            .build();
    traffic =
        new Traffic(
            String.join(",", addresses),
            IntStream.range(0, people).mapToObj(i -> "person" + i).toList(),
            IN_FLIGHT,
            ledger,
            new Listener());
    traffic.pace(Duration.ofSeconds(people).dividedBy(rate));
    direct = new DirectTraffic(client, addresses, order);
  }

  /** The arguments: the servers' addresses, how many people, messages a second, a file. */
  public static void main(String[] args) throws IOException, InterruptedException {
    LoadProcess self =
        new LoadProcess(
            List.of(args[0].split(",", -1)),
            Integer.parseInt(args[1]),
            Integer.parseInt(args[2]),
            Path.of(args[3]));
    self.start();
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      String[] words = line.split("\t", -1);
      self.finish(Duration.ofSeconds(Long.parseLong(words[1])));
    }
    System.exit(0);
  }

  private void start() {
    direct.start();
    traffic.write(Integer.MAX_VALUE);
    Thread reporter = new Thread(this::reportForEver, "reports");
    reporter.setDaemon(true);
    reporter.start();
  }

  private void reportForEver() {
    boolean broken = false;
    try {
      while (true) {
        long last;
        synchronized (this) {
          last = lastMillis;
        }
        NamespaceClient.tell("ACKED", NAME, ledger.acknowledgedCount(), last);
        if (!broken && traffic.failure().isPresent()) {
          broken = true;
          NamespaceClient.tell("BROKEN", NAME, traffic.failure().get());
        }
        TimeUnit.MILLISECONDS.sleep(REPORT_MILLIS);
      }
    } catch (InterruptedException e) {
      // The process ends.
    }
  }

  private final class Listener implements Traffic.Listener {
    @Override
    public void accepted(String sender, SentMessage receipt, long sentNanos) {
      long now = System.currentTimeMillis();
      acceptedMillis.put(receipt.messageId(), now);
      order.add(
          AcknowledgementOrder.UNKNOWN_SERVER, sentNanos, System.nanoTime(), receipt.messageId());
      synchronized (LoadProcess.this) {
        if (lastMillis != 0 && now - lastMillis >= GAP_MILLIS_MIN) {
          NamespaceClient.tell("GAP", NAME, lastMillis, now);
        }
        lastMillis = Math.max(lastMillis, now);
        try {
          history.write(now + "\t" + sender + "\t" + receipt.messageId() + "\n");
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }
    }

    @Override
    public void arrived(ChatMessage message) {
      Long accepted = acceptedMillis.remove(message.messageId());
      // Without one it came before its receipt.
      long late = accepted == null ? 0 : System.currentTimeMillis() - accepted;
      if (late > DELIVERY_LATE.toMillis()) {
        NamespaceClient.tell("LATE", NAME, message.recipient(), message.messageId(), late);
      }
      synchronized (LoadProcess.this) {
        longestDeliveryMillis = Math.max(longestDeliveryMillis, late);
      }
    }
  }

  private void finish(Duration patience) throws IOException, InterruptedException {
    try {
      direct.finish(patience);
      traffic.finish(patience);
      figure("stored", traffic.storedCount());
      figure("undelivered", traffic.undeliveredCount());
    } catch (IllegalStateException e) {
      // The ledger tells what is missing.
      NamespaceClient.tell("BROKEN", NAME, e);
    }
    DeliveryLedger.Report report = ledger.report();
    figure("sent", report.sent());
    figure("acknowledged", report.acknowledged());
    figure("received", report.received());
    figure("doubled", report.doubled());
    figure("out of order", report.outOfOrder());
    figure("never sent", report.unasked());
    figure("longest wait", report.longestWait().toMillis());
    figure("most primaries", order.mostPrimariesAtOneTime());
    figure("takeovers", order.takeovers());
    synchronized (this) {
      figure("longest delivery", longestDeliveryMillis);
      history.flush();
    }
    report.lost().forEach(lost -> NamespaceClient.tell("LOST", NAME, lost));
    direct.lost().forEach(lost -> NamespaceClient.tell("LOST", NAME, lost));
    direct.wrong().forEach(wrong -> NamespaceClient.tell("WRONG", NAME, wrong));
    order.contradictions().stream()
        .limit(20)
        .forEach(contradiction -> NamespaceClient.tell("WRONG", NAME, contradiction));
    NamespaceClient.tell("DONE", NAME);
  }

  private static void figure(String name, long value) {
    NamespaceClient.tell("FIGURE", NAME, name, value);
  }
}
