package chat.client.demo;

import chat.client.ChatMessage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * What was promised and what was kept: which messages were sent and acknowledged, and which came,
 * how often and in which order. A message is known by its sender, its recipient and its text, which
 * is different for each message between the two. Thread-safe.
 */
public final class DeliveryLedger {
  private static final int PROBLEMS_MAX = 20;

  private record Way(String sender, String recipient) {
    @Override
    public String toString() {
      return sender + " to " + recipient;
    }
  }

  /** One message. */
  private static final class Line {
    final long position;
    long acknowledgedId;
    int received;

    Line(long position) {
      this.position = position;
    }
  }

  /** The messages of one sender to one recipient, in the order in which they were sent. */
  private static final class Page {
    final Map<String, Line> lines = new LinkedHashMap<>();
    long newestReceived = -1;
  }

  /** How long somebody who waits for an acknowledgement has had none. */
  private static final class Waiting {
    int outstanding;
    long sinceNanos;
    long longestNanos;

    void sent(long now) {
      if (outstanding++ == 0) {
        sinceNanos = now;
      }
    }

    void acknowledged(long now) {
      outstanding--;
      longestNanos = Math.max(longestNanos, now - sinceNanos);
      sinceNanos = now;
    }
  }

  private final LongSupplier nanoClock;

  // Everything below is guarded by this.
  private final Map<Way, Page> pages = new HashMap<>();
  private final Map<String, Waiting> waitingSenders = new HashMap<>();
  private final Waiting anybody = new Waiting();
  private final List<String> problems = new ArrayList<>();
  private long sent;
  private long acknowledged;
  private long received;
  private long doubled;
  private long outOfOrder;
  private long strange;

  public DeliveryLedger() {
    this(System::nanoTime);
  }

  DeliveryLedger(LongSupplier nanoClock) {
    this.nanoClock = nanoClock;
  }

  /** Notes a message that is about to be sent; in the order of sending for each sender. */
  public synchronized void sent(String sender, String recipient, String text) {
    Page page = pages.computeIfAbsent(new Way(sender, recipient), way -> new Page());
    if (page.lines.putIfAbsent(text, new Line(page.lines.size())) != null) {
      throw new IllegalArgumentException("'" + text + "' was sent before, and would be no proof.");
    }
    sent++;
    long now = nanoClock.getAsLong();
    waiting(sender).sent(now);
    anybody.sent(now);
  }

  /** Notes that the service has accepted a message, under this id. */
  public synchronized void acknowledged(
      String sender, String recipient, String text, long messageId) {
    Page page = pages.get(new Way(sender, recipient));
    Line line = page == null ? null : page.lines.get(text);
    if (line == null || line.acknowledgedId != 0) {
      throw new IllegalArgumentException("'" + text + "' was not sent, or is acknowledged already");
    }
    line.acknowledgedId = messageId;
    acknowledged++;
    long now = nanoClock.getAsLong();
    waiting(sender).acknowledged(now);
    anybody.acknowledged(now);
  }

  /** Notes a message as its recipient got it; in the order of receiving for each recipient. */
  public synchronized void received(ChatMessage message) {
    received++;
    Way way = new Way(message.sender(), message.recipient());
    Page page = pages.get(way);
    Line line = page == null ? null : page.lines.get(message.text());
    if (page == null || line == null) {
      strange++;
      problem("nobody sent '" + message.text() + "', " + way);
      return;
    }
    if (++line.received > 1) {
      doubled++;
      problem("'" + message.text() + "', " + way + ", came " + line.received + " times");
    } else if (line.position < page.newestReceived) {
      outOfOrder++;
      problem("'" + message.text() + "', " + way + ", came after a later one");
    }
    page.newestReceived = Math.max(page.newestReceived, line.position);
  }

  private Waiting waiting(String sender) {
    return waitingSenders.computeIfAbsent(sender, name -> new Waiting());
  }

  private void problem(String sentence) {
    if (problems.size() < PROBLEMS_MAX) {
      problems.add(sentence);
    }
  }

  /** From now on the pauses are measured anew; everything else goes on. */
  public synchronized void forgetPauses() {
    anybody.longestNanos = 0;
    waitingSenders.values().forEach(waiting -> waiting.longestNanos = 0);
  }

  public synchronized long acknowledgedCount() {
    return acknowledged;
  }

  /** Whether everything that was acknowledged so far has come. */
  public synchronized boolean isAllReceived() {
    return lost().isEmpty();
  }

  private List<String> lost() {
    List<String> lost = new ArrayList<>();
    pages.forEach(
        (way, page) ->
            page.lines.forEach(
                (text, line) -> {
                  if (line.acknowledgedId != 0 && line.received == 0) {
                    lost.add(
                        "'" + text + "', " + way + ", id " + line.acknowledgedId + ", is lost");
                  }
                }));
    return lost;
  }

  /** The figures of now. What is on its way counts as lost: wait before asking. */
  public synchronized Report report() {
    List<String> lost = lost();
    List<String> sentences = new ArrayList<>(problems);
    lost.stream().limit(PROBLEMS_MAX).forEach(sentences::add);
    long sender =
        waitingSenders.values().stream().mapToLong(waiting -> waiting.longestNanos).max().orElse(0);
    return new Report(
        sent,
        acknowledged,
        received,
        lost.size(),
        doubled,
        outOfOrder,
        strange,
        Duration.ofNanos(sender),
        Duration.ofNanos(anybody.longestNanos),
        sentences);
  }

  /**
   * The figures.
   *
   * @param sent messages given to the service
   * @param acknowledged of them, those that it accepted
   * @param received messages that came, doubles included
   * @param lost acknowledged and not received
   * @param doubled came once more than once
   * @param outOfOrder came after a later one of the same sender
   * @param strange came and were never sent
   * @param longestPause the longest that a single sender who waited for an acknowledgement had none
   * @param longestSilence the longest that nobody had one, though somebody waited
   * @param problems the first of what is wrong, a sentence each
   */
  public record Report(
      long sent,
      long acknowledged,
      long received,
      long lost,
      long doubled,
      long outOfOrder,
      long strange,
      Duration longestPause,
      Duration longestSilence,
      List<String> problems) {
    public Report {
      problems = List.copyOf(problems);
    }

    /** Whether every promise was kept, and everything sent was answered. */
    public boolean isClean() {
      return lost + doubled + outOfOrder + strange == 0 && acknowledged == sent;
    }

    @Override
    public String toString() {
      return String.format(
          "sent %,d, acknowledged %,d, received %,d, lost %,d, doubled %,d, out of order %,d,"
              + " strange %,d, longest pause %,d ms (of the whole service %,d ms)",
          sent,
          acknowledged,
          received,
          lost,
          doubled,
          outOfOrder,
          strange,
          longestPause.toMillis(),
          longestSilence.toMillis());
    }
  }
}
