package chat.client;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Measures how late this machine wakes a sleeper: what a busy machine costs everybody, before it is
 * held against the program under test.
 */
final class StallMeter implements AutoCloseable {
  private static final long SLEEP_MILLIS = 10;

  private final AtomicLong longestNanos = new AtomicLong();
  private final Thread thread = new Thread(this::measure, "stall-meter");

  StallMeter() {
    thread.setDaemon(true);
    thread.start();
  }

  private void measure() {
    try {
      while (true) {
        long before = System.nanoTime();
        TimeUnit.MILLISECONDS.sleep(SLEEP_MILLIS);
        long late = System.nanoTime() - before - TimeUnit.MILLISECONDS.toNanos(SLEEP_MILLIS);
        longestNanos.accumulateAndGet(late, Math::max);
      }
    } catch (InterruptedException e) {
      // Closed.
    }
  }

  /** The latest that the sleeper woke up since it was last forgotten. */
  Duration longest() {
    return Duration.ofNanos(longestNanos.get());
  }

  void forget() {
    longestNanos.set(0);
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
