package chat.server.api;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A rate with a burst for each key: the "generic cell rate algorithm", one number a key. What is
 * refused costs nothing, so that whoever asks too often is not punished for asking. Thread-safe;
 * never blocks.
 *
 * <p>A key that has its whole burst again is forgotten, so memory is bounded by what has happened
 * within the time that a burst takes to come back.
 */
final class KeyedRate<K> {
  /** So many keys are not worth looking through. */
  private static final int KEYS_KEPT = 10_000;

  private static final long SWEEP_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** 0: no limit. */
  private final long spacingNanos;

  private final long burstNanos;

  /** When each key will have its whole burst again. */
  private final Map<K, AtomicLong> full = new ConcurrentHashMap<>();

  private final AtomicLong sweptNanos = new AtomicLong();

  /**
   * @param count how many are allowed in a period; 0: all
   * @param burst how many at once, at least 1
   */
  KeyedRate(int count, TimeUnit period, int burst) {
    this.spacingNanos = count == 0 ? 0 : Math.max(1, period.toNanos(1) / count);
    this.burstNanos = spacingNanos * burst;
  }

  /**
   * Takes one, if there is one.
   *
   * @return 0, or after how many nanoseconds there will be one
   */
  long take(K key, long nowNanos) {
    if (spacingNanos == 0) {
      return 0;
    }
    if (full.size() > KEYS_KEPT) {
      sweep(nowNanos);
    }
    AtomicLong known = full.get(key);
    AtomicLong cell =
        known != null ? known : full.computeIfAbsent(key, unused -> new AtomicLong(nowNanos));
    while (true) {
      long before = cell.get();
      long after = (before - nowNanos > 0 ? before : nowNanos) + spacingNanos;
      long tooEarly = after - nowNanos - burstNanos;
      if (tooEarly > 0) {
        return tooEarly;
      }
      if (cell.compareAndSet(before, after)) {
        return 0;
      }
    }
  }

  private void sweep(long nowNanos) {
    long last = sweptNanos.get();
    if (nowNanos - last > SWEEP_NANOS && sweptNanos.compareAndSet(last, nowNanos)) {
      full.values().removeIf(at -> at.get() - nowNanos <= 0);
    }
  }

  /** For tests: how many keys are remembered. */
  int size() {
    return full.size();
  }
}
