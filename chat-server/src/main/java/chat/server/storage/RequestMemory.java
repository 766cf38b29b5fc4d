package chat.server.storage;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Which request ids were applied, and to what. A table a day, three in turn, so that forgetting is
 * emptying a table: of today, yesterday and the day before. Before them a bounded cache, and what
 * is not in the database yet. Confined to the owner of the state.
 */
final class RequestMemory {
  private static final long DAY_MICROS = 24L * 60 * 60 * 1_000_000;
  private static final int CACHED = 100_000;

  record Key(long accountId, String requestId) {}

  private final List<PreparedStatement> selects = new ArrayList<>();
  private Map<Key, Long> gathering = new LinkedHashMap<>();
  private Map<Key, Long> beingWritten = Map.of();
  private final Map<Long, String> greatest = new HashMap<>();
  private final String greatestAtStart;
  private final Map<Key, Long> recent =
      new LinkedHashMap<>(1024, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, Long> eldest) {
          return size() > CACHED;
        }
      };
  private long day;

  /**
   * @param connection for reading only
   */
  RequestMemory(Connection connection, long day) throws SQLException {
    this.day = day;
    for (int i = 0; i < Schema.REQUEST_TABLES; i++) {
      selects.add(
          connection.prepareStatement(
              "SELECT message_id FROM requests_" + i + " WHERE request_id = ? AND account_id = ?"));
    }
    this.greatestAtStart = greatest(connection);
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
    if (requestId.compareTo(greatest(accountId)) > 0) {
      return 0;
    }
    Key key = new Key(accountId, requestId);
    Long known = gathering.get(key);
    if (known == null) {
      known = beingWritten.get(key);
    }
    if (known == null) {
      known = recent.get(key);
    }
    if (known != null) {
      return known;
    }
    long oldest = Math.max(day - Schema.REQUEST_TABLES + 1, Math.max(0, afterMicros) / DAY_MICROS);
    for (long d = day; d >= Math.max(0, oldest); d--) {
      PreparedStatement select = selects.get((int) (d % Schema.REQUEST_TABLES));
      select.setString(1, requestId);
      select.setLong(2, accountId);
      try (ResultSet found = select.executeQuery()) {
        if (found.next()) {
          return found.getLong(1);
        }
      }
    }
    return 0;
  }

  private static String greatest(Connection connection) throws SQLException {
    String found = "";
    try (Statement statement = connection.createStatement()) {
      for (int i = 0; i < Schema.REQUEST_TABLES; i++) {
        // Not MAX(request_id), which reads them all.
        try (ResultSet row =
            statement.executeQuery(
                "SELECT request_id FROM requests_"
                    + i
                    + " ORDER BY request_id DESC, account_id DESC LIMIT 1")) {
          String id = row.next() ? row.getString(1) : "";
          found = id.compareTo(found) > 0 ? id : found;
        }
      }
    }
    return found;
  }

  /** No id of the account that may be remembered is greater, in the order of {@code compareTo}. */
  private String greatest(long accountId) {
    return greatest.getOrDefault(accountId, greatestAtStart);
  }

  /** Remembers an id, as of the day that has begun. */
  void add(long accountId, String requestId, long messageId) {
    if (requestId.compareTo(greatest(accountId)) > 0) {
      greatest.put(accountId, requestId);
    }
    gathering.put(new Key(accountId, requestId), messageId);
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
  Map<Key, Long> take() {
    beingWritten = gathering;
    gathering = new LinkedHashMap<>();
    return beingWritten;
  }

  /** What was taken is in the database. */
  void written() {
    recent.putAll(beingWritten);
    beingWritten = Map.of();
  }
}
