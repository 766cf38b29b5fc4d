package chat.client.chaos;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/** Pauses of one kind, in milliseconds. Thread-safe. */
final class Pauses {
  private final List<Long> millis = new ArrayList<>();

  synchronized void add(long pause) {
    millis.add(pause);
    Collections.sort(millis);
  }

  synchronized int count() {
    return millis.size();
  }

  /** The pause that so many percent of all do not exceed (nearest rank); 0 if there is none. */
  synchronized long percentile(int percent) {
    if (millis.isEmpty()) {
      return 0;
    }
    int rank = (int) Math.ceil(percent / 100.0 * millis.size());
    return millis.get(Math.max(1, rank) - 1);
  }

  /** The figures on one line. */
  String inWords() {
    return String.format(
        Locale.ROOT,
        "%4d times   median %,6d   p99 %,6d   max %,6d ms",
        count(),
        percentile(50),
        percentile(99),
        percentile(100));
  }
}
