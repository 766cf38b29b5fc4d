package chat.server.api;

import chat.server.chat.Command;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * What has been proposed and not answered: how much of it may be, so that an overload makes neither
 * memory nor the wait of what is accepted grow. What is refused here was not appended. Thread-safe;
 * a few atomic numbers a command, and no clock unless much is unanswered.
 *
 * <p>Three bounds. The count, and the length of texts, are for memory; a stream of messages is held
 * back by its window long before. The wait is for unary calls: a client gives an attempt up after 2
 * s and repeats it, so work that waits longer is done for nobody, and a server that does it falls
 * behind for good. So once more than {@link #UNARY_FREE} of them have been unanswered for a moment,
 * the rate at which they have been answered since says how long the next one would wait, and if
 * that is more than {@link #WAIT_MAX_NANOS} it is refused. Up to that many who wait for their
 * answers are no overload, however slow the disk.
 */
final class Backlog {
  static final long WAIT_MAX_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** Of unary commands, so many are always let in. */
  static final int UNARY_FREE = 1_024;

  /** Before this, there is no telling a burst from an overload. */
  private static final long MOMENT_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  /** A text is in memory a few times on its way. */
  private static final long TEXT_CHARS_MAX =
      Math.max(16L << 20, Runtime.getRuntime().maxMemory() / 6);

  /** Since when there are many, and how many had been answered by then. */
  private record Standing(long sinceNanos, long answered) {}

  private final int countMax;
  private final AtomicInteger count = new AtomicInteger();
  private final AtomicInteger unary = new AtomicInteger();
  private final AtomicLong unaryAnswered = new AtomicLong();
  private final AtomicLong chars = new AtomicLong();
  private volatile @Nullable Standing standing;

  Backlog(int countMax) {
    this.countMax = countMax;
  }

  /** What one command takes until it is answered. Left exactly once. */
  final class Place {
    private final boolean inStream;
    private final int textChars;

    private Place(boolean inStream, int textChars) {
      this.inStream = inStream;
      this.textChars = textChars;
    }

    void leave() {
      if (!inStream) {
        unaryAnswered.incrementAndGet();
      }
      giveBack();
    }

    private void giveBack() {
      count.decrementAndGet();
      if (textChars > 0) {
        chars.addAndGet(-textChars);
      }
      if (!inStream && unary.decrementAndGet() < UNARY_FREE / 2 && standing != null) {
        standing = null;
      }
    }
  }

  /** A place for a command, or null if there is none. */
  @Nullable Place enter(Command command, boolean inStream) {
    int text = command instanceof Command.SendMessage message ? message.text().length() : 0;
    Place place = new Place(inStream, text);
    boolean full = count.incrementAndGet() > countMax;
    full |= text > 0 && chars.addAndGet(text) > TEXT_CHARS_MAX;
    if (!inStream) {
      int waiting = unary.incrementAndGet();
      full |= waiting > UNARY_FREE && waitsTooLong(waiting);
    }
    if (full) {
      place.giveBack();
      return null;
    }
    return place;
  }

  private boolean waitsTooLong(int waiting) {
    long now = System.nanoTime();
    Standing since = standing;
    if (since == null) {
      standing = new Standing(now, unaryAnswered.get());
      return false;
    }
    long nanos = now - since.sinceNanos();
    if (nanos < MOMENT_NANOS) {
      return false;
    }
    if (nanos > 2 * WAIT_MAX_NANOS) {
      // What was long ago says little: from here on anew, by what it is now.
      standing = new Standing(now - nanos / 2, unaryAnswered.get() - answered(since) / 2);
    }
    // Little's law: how many there are, by how many go in a time.
    return (double) waiting * nanos > (double) WAIT_MAX_NANOS * answered(since);
  }

  private long answered(Standing since) {
    return unaryAnswered.get() - since.answered();
  }
}
