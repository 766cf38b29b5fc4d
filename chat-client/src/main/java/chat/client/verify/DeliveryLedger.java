package chat.client.verify;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;

/**
 * Books of a chat: which messages were sent, which the service accepted, which arrived. The parties
 * write into it while they chat; {@link #report} compares. A message is known by its sender, its
 * recipient and a number that counts up from 0 with every message of that sender to that recipient.
 * Thread-safe.
 */
public final class DeliveryLedger {
  private record Line(String sender, String recipient) {}

  private static final class Book {
    /** When each was sent, by the clock. */
    private final Map<Integer, Long> sent = new HashMap<>();

    private final Set<Integer> acknowledged = new HashSet<>();
    private final Set<Integer> received = new HashSet<>();
    private int doubled;
    private int outOfOrder;
    private int unasked;
    private int newest = -1;
  }

  private final LongSupplier nanoClock;
  private final Map<Line, Book> books = new HashMap<>();
  private long lastAcknowledgedNanos;
  private boolean counting;
  private long longestPauseNanos;
  private long longestWaitNanos;
  private long acknowledged;

  public DeliveryLedger() {
    this(System::nanoTime);
  }

  DeliveryLedger(LongSupplier nanoClock) {
    this.nanoClock = nanoClock;
  }

  /** A message is about to be sent. The pause before the first answer counts from here. */
  public synchronized void sent(String sender, String recipient, int number) {
    long now = nanoClock.getAsLong();
    book(sender, recipient).sent.put(number, now);
    if (!counting) {
      counting = true;
      lastAcknowledgedNanos = now;
    }
  }

  /** The service accepted it: from now on it must not be lost. */
  public synchronized void acknowledged(String sender, String recipient, int number) {
    Book book = book(sender, recipient);
    long now = nanoClock.getAsLong();
    if (book.acknowledged.add(number)) {
      acknowledged++;
      Long sentNanos = book.sent.get(number);
      longestWaitNanos = Math.max(longestWaitNanos, sentNanos == null ? 0 : now - sentNanos);
    }
    if (counting) {
      longestPauseNanos = Math.max(longestPauseNanos, now - lastAcknowledgedNanos);
    }
    counting = true;
    lastAcknowledgedNanos = now;
  }

  /** It was shown to its recipient. */
  public synchronized void received(String sender, String recipient, int number) {
    Book book = book(sender, recipient);
    if (!book.sent.containsKey(number)) {
      book.unasked++;
    }
    if (!book.received.add(number)) {
      book.doubled++;
      return;
    }
    if (number < book.newest) {
      book.outOfOrder++;
    }
    book.newest = Math.max(book.newest, number);
  }

  /**
   * Nobody sends for a while, and that is meant so: the time until the next message is no pause of
   * the service's.
   */
  public synchronized void rest() {
    counting = false;
  }

  /** From now on pauses and waits are measured anew; what has begun is measured whole. */
  public synchronized void forgetPauses() {
    longestPauseNanos = 0;
    longestWaitNanos = 0;
  }

  /** How many messages the service has accepted. */
  public synchronized long acknowledgedCount() {
    return acknowledged;
  }

  /** Whether all that was acknowledged has arrived; to wait for before {@link #report}. */
  public synchronized boolean isComplete() {
    return books.values().stream().allMatch(book -> book.received.containsAll(book.acknowledged));
  }

  /** The books as they stand now. */
  public synchronized Report report() {
    int sent = 0;
    int acknowledged = 0;
    int received = 0;
    int doubled = 0;
    int outOfOrder = 0;
    int unasked = 0;
    List<String> lost = new ArrayList<>();
    for (Map.Entry<Line, Book> entry : books.entrySet()) {
      Book book = entry.getValue();
      sent += book.sent.size();
      acknowledged += book.acknowledged.size();
      received += book.received.size();
      doubled += book.doubled;
      outOfOrder += book.outOfOrder;
      unasked += book.unasked;
      Line line = entry.getKey();
      book.acknowledged.stream()
          .filter(number -> !book.received.contains(number))
          .sorted()
          .forEach(number -> lost.add(line.sender() + " to " + line.recipient() + " #" + number));
    }
    return new Report(
        sent,
        acknowledged,
        received,
        lost,
        doubled,
        outOfOrder,
        unasked,
        Duration.ofNanos(longestPauseNanos),
        Duration.ofNanos(longestWaitNanos));
  }

  private Book book(String sender, String recipient) {
    return books.computeIfAbsent(new Line(sender, recipient), line -> new Book());
  }

  /**
   * What the books say.
   *
   * @param sent messages that were sent, each once however often it was repeated
   * @param received messages that arrived, repeats not counted; may exceed {@code acknowledged} by
   *     messages whose outcome stayed unknown
   * @param lost messages that were acknowledged and have not arrived
   * @param doubled arrivals of a message that had arrived before
   * @param outOfOrder arrivals after a later message of the same sender to the same recipient
   * @param unasked arrivals of messages that nobody had sent
   * @param longestPause the longest time between two answers of the service while there was traffic
   * @param longestWait the longest time from the sending of one message to its answer
   */
  public record Report(
      int sent,
      int acknowledged,
      int received,
      List<String> lost,
      int doubled,
      int outOfOrder,
      int unasked,
      Duration longestPause,
      Duration longestWait) {
    public Report {
      lost = List.copyOf(lost);
    }

    /** Whether the service kept its word. */
    public boolean isClean() {
      return lost.isEmpty() && doubled == 0 && outOfOrder == 0 && unasked == 0;
    }

    /** The figures on one line. */
    public String inWords() {
      return String.format(
          "sent %d, acknowledged %d, received %d, lost %d, doubled %d, out of order %d,"
              + " longest pause %d ms",
          sent, acknowledged, received, lost.size(), doubled, outOfOrder, longestPause.toMillis());
    }
  }
}
