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
 * yet; no cache beside that: most ids are new, which is known without looking, and who repeats one
 * waits for a connection far longer than for this. Confined to the owner of the state.
 */
final class RequestMemory {
  private static final long DAY_MICROS = 24L * 60 * 60 * 1_000_000;

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

  /**
   * @param connection for reading only
   */
  RequestMemory(Connection connection, long day) throws SQLException {
    this.day = day;
    String found = "";
    for (int i = 0; i < Schema.REQUEST_TABLES; i++) {
      RequestTable table = new RequestTable(connection, i);
      tables.add(table);
      String ofTable = table.greatest();
      found = ofTable.compareTo(found) > 0 ? ofTable : found;
    }
    this.greatestAtStart = found;
  }

  long day() {
    return day;
  }

  /**
   * The message that a request id stands for; or 0 if there is none, or none that was remembered
   * after a time. One that was remembered before may still be found.
   */
  long find(long accountId, String requestId, long afterMicros) throws SQLException {
    // What clients make grows: an id beyond all of its account cannot be known, and most are.
    if (requestId.compareTo(greatest.getOrDefault(accountId, greatestAtStart)) > 0) {
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
    if (requestId.compareTo(greatestWritten.getOrDefault(accountId, greatestAtStart)) > 0) {
      // One that came a little out of order.
      return 0;
    }
    long oldest = Math.max(day - Schema.REQUEST_TABLES + 1, Math.max(0, afterMicros) / DAY_MICROS);
    for (long d = day; d >= Math.max(0, oldest); d--) {
      long found = tables.get((int) (d % Schema.REQUEST_TABLES)).find(accountId, requestId);
      if (found != 0) {
        return found;
      }
    }
    return 0;
  }

  /** No id of the account is greater from now on, in the order of {@code compareTo}. */
  private void raise(Map<Long, String> greatestOf, long accountId, String requestId) {
    if (requestId.compareTo(greatestOf.getOrDefault(accountId, greatestAtStart)) > 0) {
      greatestOf.put(accountId, requestId);
    }
  }

  /** Remembers an id, as of the day that has begun. */
  void add(long accountId, String requestId, long messageId) {
    raise(greatest, accountId, requestId);
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
      raise(greatestWritten, row.accountId(), row.requestId());
    }
    beingWritten = Map.of();
  }
}
