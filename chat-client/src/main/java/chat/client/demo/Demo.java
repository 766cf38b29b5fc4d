package chat.client.demo;

import chat.client.ChatMessage;
import chat.client.ClusterStatus;
import chat.client.verify.DeliveryLedger;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The story of three servers of which any two may die, told on real processes and real traffic. The
 * exit code is 0 only if every figure is as it should be.
 */
public final class Demo {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** Whoever uses the library with its usual figures would meet an error after this time. */
  private static final Duration PAUSE_MAX = Duration.ofSeconds(15);

  private static final int MESSAGES_A_CHAPTER = 400;
  private static final int IN_FLIGHT = 8;

  private final PrintStream out;
  private final LocalCluster cluster;
  private final DeliveryLedger ledger = new DeliveryLedger();
  private final Map<String, Duration> pauses = new LinkedHashMap<>();
  private final AtomicInteger linesToShow = new AtomicInteger();
  private final long startNanos = System.nanoTime();

  private Demo(LocalCluster cluster, PrintStream out) {
    this.cluster = cluster;
    this.out = out;
  }

  public static void main(String[] args) {
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    int code = 1;
    try (LocalCluster cluster = LocalCluster.create(3)) {
      try {
        code = new Demo(cluster, out).tell() ? 0 : 1;
      } catch (InterruptedException | RuntimeException e) {
        out.println("The demo could not go on: " + e.getMessage());
      }
      if (code != 0) {
        cluster.keep();
      }
    }
    System.exit(code);
  }

  private boolean tell() throws InterruptedException {
    out.println("Three servers keep one chat. Any two of them may die; nothing that they have");
    out.println("accepted may be lost, and nothing may arrive twice. Let us see.");
    chapter("Three servers start, as processes of this machine, with data in");
    line(cluster.directory() + ".");
    cluster.startAll();
    says(cluster.awaitComplete(PATIENCE));
    try (Traffic traffic =
        new Traffic(
            cluster.addresses(), List.of("alice", "bob"), IN_FLIGHT, ledger, this::received)) {
      write(traffic);
      killOneAfterTheOther(traffic);
      comeBack(traffic);
      killAll(traffic);
      return count(traffic);
    }
  }

  private void write(Traffic traffic) throws InterruptedException {
    chapter("Alice and Bob log in and write to each other without a pause.");
    traffic.write(Integer.MAX_VALUE);
    conversation(traffic);
  }

  private void killOneAfterTheOther(Traffic traffic) throws InterruptedException {
    int primary = cluster.primaryId();
    chapter("The primary dies in mid-conversation: kill -9 " + cluster.pid(primary) + ".");
    ledger.forgetPauses();
    cluster.killHard(primary);
    says(cluster.awaitMembers(2, PATIENCE));
    conversation(traffic);
    pause("when the primary died");

    int heir = cluster.primaryId();
    chapter("Its heir dies as well: kill -9 " + cluster.pid(heir) + ".");
    ledger.forgetPauses();
    cluster.killHard(heir);
    says(cluster.awaitMembers(1, PATIENCE));
    conversation(traffic);
    pause("when its heir died");
  }

  private void comeBack(Traffic traffic) throws InterruptedException {
    chapter("Both dead servers start again and catch up while the two go on writing.");
    ledger.forgetPauses();
    cluster.ids().stream()
        .filter(id -> !cluster.aliveIds().contains(id))
        .toList()
        .forEach(cluster::start);
    says(cluster.awaitComplete(PATIENCE));
    conversation(traffic);
    pause("while they came back");
  }

  private void killAll(Traffic traffic) throws InterruptedException {
    chapter("All three are killed at the same moment, in mid-conversation, and start again.");
    ledger.forgetPauses();
    cluster.killHard(1, 2, 3);
    line("For a moment there is no server at all. What was accepted is on three disks.");
    cluster.startAll();
    says(cluster.awaitComplete(PATIENCE));
    conversation(traffic);
    pause("when all died and started again");
  }

  private boolean count(Traffic traffic) throws InterruptedException {
    chapter("Alice and Bob stop writing, and every message is counted.");
    traffic.finish(PATIENCE);
    DeliveryLedger.Report report = ledger.report();
    long stored = traffic.storedCount();
    long undelivered = traffic.undeliveredCount();
    out.println();
    List<String> wrong = new ArrayList<>();
    figure("sent", report.sent());
    figure("acknowledged", report.acknowledged(), report.sent(), wrong);
    figure("received", report.received(), report.acknowledged(), wrong);
    figure("lost", report.lost().size(), 0, wrong);
    figure("doubled", report.doubled(), 0, wrong);
    figure("out of order", report.outOfOrder(), 0, wrong);
    figure("never sent", report.unasked(), 0, wrong);
    figure("in their histories", stored, report.acknowledged(), wrong);
    figure("still to be delivered", undelivered, 0, wrong);
    out.println();
    out.println("  Longest pause: so long did somebody wait for a receipt at most");
    pauses.forEach(
        (when, pause) ->
            out.println(String.format(Locale.ROOT, "  %,22d ms  %s", pause.toMillis(), when)));
    out.println();
    // The last one is the time that three servers take to start.
    pauses.entrySet().stream()
        .limit(pauses.size() - 1)
        .filter(entry -> entry.getValue().compareTo(PAUSE_MAX) > 0)
        .forEach(entry -> wrong.add("the pause " + entry.getKey() + " was too long"));
    if (wrong.isEmpty()) {
      out.println("Every accepted message has arrived, once and in order.");
    } else {
      out.println("This is wrong: " + String.join("; ", wrong) + ".");
      report.lost().stream().limit(10).forEach(lost -> out.println("  lost: " + lost));
    }
    out.println(String.format(Locale.ROOT, "It took %.0f s.", seconds()));
    return wrong.isEmpty();
  }

  private void figure(String name, long value) {
    out.println(String.format(Locale.ROOT, "  %-22s %,10d", name, value));
  }

  private void figure(String name, long value, long expected, List<String> wrong) {
    figure(name, value);
    if (value != expected) {
      wrong.add(name + " is " + value + " and should be " + expected);
    }
  }

  private void pause(String when) {
    Duration pause = ledger.report().longestWait();
    pauses.put(when, pause);
    line(String.format(Locale.ROOT, "The longest pause was %,d ms.", pause.toMillis()));
  }

  /** Lets them write for a while, and shows what they read now. */
  private void conversation(Traffic traffic) throws InterruptedException {
    linesToShow.set(2);
    traffic.awaitAcknowledged(ledger.acknowledgedCount() + MESSAGES_A_CHAPTER, PATIENCE);
    line(
        String.format(
            Locale.ROOT, "%,d messages have been accepted so far.", ledger.acknowledgedCount()));
  }

  private void received(ChatMessage message) {
    if (linesToShow.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
      line("  " + message.recipient() + " reads: <" + message.sender() + "> " + message.text());
    }
  }

  private void says(ClusterStatus status) {
    line(status.summary());
  }

  private void chapter(String sentence) {
    out.println();
    out.println(String.format(Locale.ROOT, "%5.1f s  %s", seconds(), sentence));
  }

  private void line(String sentence) {
    out.println("         " + sentence);
  }

  private double seconds() {
    return (System.nanoTime() - startNanos) / 1e9;
  }
}
