package chat.server.storage;

import chat.server.replication.LogPosition;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * The tables. There are no migrations: the database follows from the log, and one of another
 * version is thrown away and built anew.
 */
final class Schema {
  /** Of what this class makes. */
  static final int VERSION = 6;

  /**
   * Request ids of three days in turn: today's, yesterday's and, since they are remembered for an
   * hour longer than a day, those of the day before.
   */
  static final int REQUEST_TABLES = 3;

  private static final String[] TABLES = {
    "CREATE TABLE applied(one INT PRIMARY KEY, version INT NOT NULL, " + AppliedRow.COLUMNS + ")",
    "CREATE TABLE accounts(id BIGINT PRIMARY KEY, username VARCHAR(64) NOT NULL,"
        + " password_hash VARCHAR(512) NOT NULL, create_request VARCHAR(64) NOT NULL,"
        + " created BIGINT NOT NULL, acknowledged BIGINT NOT NULL, deleted BOOLEAN NOT NULL)",
    "CREATE TABLE sessions(token BINARY(32) PRIMARY KEY, account_id BIGINT NOT NULL,"
        + " state TINYINT NOT NULL, expires BIGINT NOT NULL, touched BIGINT NOT NULL,"
        + " stream_id BIGINT NOT NULL, reign BIGINT NOT NULL, request_id VARCHAR(64) NOT NULL,"
        + " discarded INT NOT NULL)",
    // Many in a row, for the sake of writing: see PackedRows. Clustered on the log index, since
    // appending is the cheapest thing H2 does. No index beside it: an entry at a random place costs
    // ten times as much, what is undelivered is known in memory, and each message names the one
    // before it of its sender and of its recipient.
    "CREATE TABLE messages(last_id BIGINT PRIMARY KEY, pack VARBINARY NOT NULL)",
    "CREATE TABLE mailboxes(id BIGINT PRIMARY KEY, newest BIGINT NOT NULL, messages BIGINT NOT"
        + " NULL, newest_received BIGINT NOT NULL, waiting VARBINARY NOT NULL)"
  };

  private Schema() {}

  /**
   * Makes the tables where there are none.
   *
   * @throws DatabaseUnusableException if there are those of another version
   */
  static void ensure(Connection connection) throws SQLException, DatabaseUnusableException {
    try (Statement statement = connection.createStatement()) {
      try (ResultSet found =
          statement.executeQuery(
              "SELECT COUNT(*) FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA = 'PUBLIC'")) {
        found.next();
        if (found.getInt(1) == 0) {
          make(connection);
          index(connection);
          return;
        }
      }
      try (ResultSet version = statement.executeQuery("SELECT version FROM applied")) {
        if (!version.next() || version.getInt(1) != VERSION) {
          throw new DatabaseUnusableException(
              "the database has another schema than version " + VERSION);
        }
      }
    }
  }

  /** The table of the packed request ids of a day. */
  static String requestPacks(long day) {
    return "requests_" + day % REQUEST_TABLES;
  }

  /** The table of the request ids of a day that are not packed. */
  static String lateRequests(long day) {
    return "late_requests_" + day % REQUEST_TABLES;
  }

  /** Makes the tables, without their indexes. */
  static void make(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      for (String sql : TABLES) {
        statement.execute(sql);
      }
      for (int i = 0; i < REQUEST_TABLES; i++) {
        statement.execute(
            "CREATE TABLE "
                + requestPacks(i)
                + "(lane INT NOT NULL, greatest VARCHAR(64) NOT NULL, pack VARBINARY NOT NULL,"
                + " PRIMARY KEY(lane, greatest))");
        statement.execute(
            "CREATE TABLE "
                + lateRequests(i)
                + "(account_id BIGINT NOT NULL, request_id VARCHAR(64) NOT NULL,"
                + " message_id BIGINT PRIMARY KEY)");
      }
      statement.execute("INSERT INTO applied VALUES(1, " + VERSION + ", 0, 0, 0, 0, 0, 0)");
    }
    try (PreparedStatement update = AppliedRow.prepare(connection)) {
      new AppliedRow(LogPosition.START, 0, 0, 0).write(update);
    }
    connection.commit();
  }

  /** Makes the indexes: of many rows at once, that takes far less than adding to them. */
  static void index(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      for (int i = 0; i < REQUEST_TABLES; i++) {
        // Unique by the rules: for H2 to check it would cost another search each time.
        statement.execute(
            "CREATE INDEX late_by_request_"
                + i
                + " ON "
                + lateRequests(i)
                + "(request_id, account_id)");
      }
    }
    connection.commit();
  }
}
