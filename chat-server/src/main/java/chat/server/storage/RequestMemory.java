package chat.server.storage;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which request ids were applied, and to what. A table a day, three in turn, so that forgetting is
 * emptying a table: of today, yesterday and the day before. Before them what is not in the database
 * yet; no cache beside that: most ids are new, which is known without looking if they grow ({@link
 * GrowingIds}), and who repeats one waits for a connection far longer than for this. Confined to
 * the owner of the state.
 */
final class RequestMemory {
  private static final long MINUTE_MICROS = 60L * 1_000_000;
  private static final long DAY_MICROS = 24 * 60 * MINUTE_MICROS;
  private static final int AHEAD_MAX = 10_000;

  private record Key(long accountId, String requestId) {
    // Those that a record makes by itself are slow until the second compiler has seen them.
    @Override
    public int hashCode() {
      return 31 * requestId.hashCode() + Long.hashCode(accountId);
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Key key
          && accountId == key.accountId
          && requestId.equals(key.requestId);
    }
  }

  private final List<RequestTable> tables = new ArrayList<>();
  private Map<Key, RequestRow> gathering = new LinkedHashMap<>();
  private Map<Key, RequestRow> beingWritten = Map.of();
  // Of all, and of those that are in the database: between them, a look at memory is enough.
  private final Map<Long, String> greatest = new HashMap<>();
  private final Map<Long, String> greatestWritten = new HashMap<>();
  private final String greatestAtStart;
  private long day;
  // The limits of GrowingIds, as of a minute or less ago.
  private long limitsOfMinute = -1;
  private String newLimit = "";
  private String countedLimit = "";

  /**
   * @param connection for reading only
   * @param lastTimeMicros the newest stamp applied
   */
  RequestMemory(Connection connection, long day, long lastTimeMicros) throws SQLException {
    this.day = day;
    String limit = GrowingIds.limit(lastTimeMicros + GrowingIds.NEW_AHEAD_MICROS);
    String last = GrowingIds.limit(lastTimeMicros + GrowingIds.COUNTED_AHEAD_MICROS);
    String found = "";
    List<RequestRow> ahead = new ArrayList<>();
    for (int i = 0; i < Schema.REQUEST_TABLES; i++) {
      RequestTable table = new RequestTable(connection, i);
      tables.add(table);
      found = greater(found, table.greatestBelow(limit));
      ahead.addAll(table.between(limit, last, AHEAD_MAX));
    }
    // Each counts for its own account only; unless there are strangely many of them.
    this.greatestAtStart = ahead.size() < AHEAD_MAX ? found : greater(found, last);
    for (RequestRow row : ahead) {
      raise(greatest, row.accountId(), row.requestId());
      raise(greatestWritten, row.accountId(), row.requestId());
    }
  }

  private static String greater(String one, String other) {
    return one.compareTo(other) > 0 ? one : other;
  }

  long day() {
    return day;
  }

  /**
   * The message that a request id stands for; or 0 if there is none, or none that was remembered
   * after a time. One that was remembered before may still be found.
   *
   * @param nowMicros the newest stamp
   */
  long find(long accountId, String requestId, long afterMicros, long nowMicros)
      throws SQLException {
    // What clients make grows: an id beyond all of its account cannot be known, and most are.
    setLimits(nowMicros);
    boolean grows = requestId.compareTo(newLimit) < 0;
    if (grows && isBeyond(greatest, accountId, requestId)) {
      return 0;
    }
    Key key = new Key(accountId, requestId);
    RequestRow known = gathering.get(key);
    if (known == null) {
      known = beingWritten.get(key);
    }
    if (known != null) {
      return known.messageId();
    }
    if (grows && isBeyond(greatestWritten, accountId, requestId)) {
      // One that came a little out of order.
      return 0;
    }
    long oldest = Math.max(day - Schema.REQUEST_TABLES + 1, Math.max(0, afterMicros) / DAY_MICROS);
    for (long d = day; d >= Math.max(0, oldest); d--) {
      long found = tables.get((int) (d % Schema.REQUEST_TABLES)).find(accountId, requestId, grows);
      if (found != 0) {
        return found;
      }
    }
    return 0;
  }

  private void setLimits(long nowMicros) {
    long minute = nowMicros / MINUTE_MICROS;
    if (minute != limitsOfMinute) {
      limitsOfMinute = minute;
      long began = minute * MINUTE_MICROS;
      newLimit = GrowingIds.limit(began + GrowingIds.NEW_AHEAD_MICROS);
      countedLimit = GrowingIds.limit(began + GrowingIds.COUNTED_AHEAD_MICROS);
    }
  }

  private boolean isBeyond(Map<Long, String> greatestOf, long accountId, String requestId) {
    return requestId.compareTo(greatestOf.getOrDefault(accountId, greatestAtStart)) > 0;
  }

  /** No id of the account that grows is greater from now on, in the order of {@code compareTo}. */
  private void raise(Map<Long, String> greatestOf, long accountId, String requestId) {
    if (isBeyond(greatestOf, accountId, requestId)) {
      greatestOf.put(accountId, requestId);
    }
  }

  /** Remembers an id, as of the day that has begun. */
  void add(long accountId, String requestId, long messageId, long nowMicros) {
    setLimits(nowMicros);
    if (requestId.compareTo(countedLimit) < 0) {
      raise(greatest, accountId, requestId);
    }
    gathering.put(new Key(accountId, requestId), new RequestRow(requestId, accountId, messageId));
  }

  boolean beginsDay(long timeMicros) {
    return timeMicros / DAY_MICROS > day;
  }

  /** From now on a day's; all ids of the day before must be written. */
  void beginDay(long timeMicros) {
    if (!gathering.isEmpty() || !beingWritten.isEmpty()) {
      throw new IllegalStateException("request ids of the day before are not written");
    }
    day = dayOf(timeMicros);
  }

  static long dayOf(long timeMicros) {
    return timeMicros / DAY_MICROS;
  }

  /** What has gathered, to be written; {@link #written} must have been said of what was before. */
  Collection<RequestRow> take() {
    beingWritten = gathering;
    gathering = new LinkedHashMap<>();
    return beingWritten.values();
  }

  /** What was taken is in the database. */
  void written() {
    for (RequestRow row : beingWritten.values()) {
      // At least those that were counted when they came.
      if (row.requestId().compareTo(countedLimit) < 0) {
        raise(greatestWritten, row.accountId(), row.requestId());
      }
    }
    beingWritten = Map.of();
  }
}
