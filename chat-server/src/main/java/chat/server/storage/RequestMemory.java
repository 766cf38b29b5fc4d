package chat.server.storage;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Which request ids were applied, and to what. A table a day, three in turn, so that forgetting is
 * emptying a table; before them a bounded cache. Confined to the apply thread.
 */
final class RequestMemory {
  private static final long DAY_MICROS = 24L * 60 * 60 * 1_000_000;
  private static final int CACHED = 100_000;

  private record Key(long accountId, String requestId) {}

  private record Pending(Key key, long messageId, long day) {}

  private final Connection connection;
  private final List<PreparedStatement> inserts = new ArrayList<>();
  private final List<PreparedStatement> selects = new ArrayList<>();
  private final List<Pending> pending = new ArrayList<>();
  private final Map<Key, Long> unwritten = new HashMap<>();
  private final Map<Key, Long> recent =
      new LinkedHashMap<>(1024, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, Long> eldest) {
          return size() > CACHED;
        }
      };
  private long day;

  RequestMemory(Connection connection, long day) throws SQLException {
    this.connection = connection;
    this.day = day;
    for (int i = 0; i < Schema.REQUEST_TABLES; i++) {
      inserts.add(connection.prepareStatement("INSERT INTO requests_" + i + " VALUES(?, ?, ?)"));
      selects.add(
          connection.prepareStatement(
              "SELECT message_id FROM requests_" + i + " WHERE account_id = ? AND request_id = ?"));
    }
  }

  long day() {
    return day;
  }

  /** The message that a request id stands for, if it may be remembered; or 0. */
  long find(long accountId, String requestId) throws SQLException {
    Key key = new Key(accountId, requestId);
    Long known = unwritten.get(key);
    if (known == null) {
      known = recent.get(key);
    }
    if (known != null) {
      return known;
    }
    for (long d = day; d > day - 2 && d >= 0; d--) {
      PreparedStatement select = selects.get((int) (d % Schema.REQUEST_TABLES));
      select.setLong(1, accountId);
      select.setString(2, requestId);
      try (ResultSet found = select.executeQuery()) {
        if (found.next()) {
          return found.getLong(1);
        }
      }
    }
    return 0;
  }

  void add(long accountId, String requestId, long messageId, long timeMicros) {
    Key key = new Key(accountId, requestId);
    pending.add(new Pending(key, messageId, timeMicros / DAY_MICROS));
    unwritten.put(key, messageId);
  }

  /**
   * Empties the tables of days that begin. Truncating ends a transaction, so this comes before
   * anything is written to it; should it be repeated after a crash, nothing is lost by that.
   */
  void beginDays() throws SQLException {
    long newest = pending.isEmpty() ? day : pending.get(pending.size() - 1).day();
    long first = Math.max(day + 1, newest - Schema.REQUEST_TABLES + 1);
    for (long d = first; d <= newest; d++) {
      try (var statement = connection.createStatement()) {
        statement.execute("TRUNCATE TABLE requests_" + d % Schema.REQUEST_TABLES);
      }
    }
    day = Math.max(day, newest);
  }

  void write() throws SQLException {
    boolean[] used = new boolean[Schema.REQUEST_TABLES];
    for (Pending p : pending) {
      int table = (int) (p.day() % Schema.REQUEST_TABLES);
      PreparedStatement insert = inserts.get(table);
      insert.setLong(1, p.key().accountId());
      insert.setString(2, p.key().requestId());
      insert.setLong(3, p.messageId());
      insert.addBatch();
      used[table] = true;
    }
    for (int i = 0; i < used.length; i++) {
      if (used[i]) {
        inserts.get(i).executeBatch();
      }
    }
    recent.putAll(unwritten);
    unwritten.clear();
    pending.clear();
  }
}
