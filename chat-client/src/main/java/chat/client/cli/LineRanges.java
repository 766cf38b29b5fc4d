package chat.client.cli;

import java.util.Map;
import java.util.TreeMap;

/** A set of line numbers, kept and said as ranges: {@code 1-16, 18-80}. */
final class LineRanges {
  private final TreeMap<Long, Long> lastByFirst = new TreeMap<>();
  private long count;

  /** Adds a number that is not in it yet. */
  void add(long line) {
    count++;
    long first = line;
    long last = line;
    Map.Entry<Long, Long> before = lastByFirst.floorEntry(line);
    if (before != null && before.getValue() == line - 1) {
      first = before.getKey();
    }
    Long after = lastByFirst.remove(line + 1);
    if (after != null) {
      last = after;
    }
    lastByFirst.put(first, last);
  }

  long count() {
    return count;
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    lastByFirst.forEach(
        (first, last) ->
            text.append(text.isEmpty() ? "" : ", ")
                .append(first.equals(last) ? first.toString() : first + "-" + last));
    return text.toString();
  }
}
