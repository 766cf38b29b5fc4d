package chat.server.storage;

import chat.server.replication.LogPosition;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * The tables. One of the version before is made into this ({@link SchemaUpgrade}); of any other, it
 * is thrown away and built anew, since the database follows from the log.
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
    "CREATE TABLE mailboxes(id BIGINT PRIMARY KEY, newest BIGINT NOT NULL, messages BIGINT NOT"
        + " NULL, newest_received BIGINT NOT NULL, waiting VARBINARY NOT NULL)"
  };

  private Schema() {}

  /**
   * Makes the tables where there are none, and of those of the version before what they are now.
   *
   * @return whether it did anything
   * @throws DatabaseUnusableException if there are those of another version
   */
  static boolean ensure(Connection connection) throws SQLException, DatabaseUnusableException {
    try (Statement statement = connection.createStatement()) {
      try (ResultSet found =
          statement.executeQuery(
              "SELECT COUNT(*) FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA = 'PUBLIC'")) {
        found.next();
        if (found.getInt(1) == 0) {
          make(connection);
          index(connection);
          return true;
        }
      }
      try (ResultSet row = statement.executeQuery("SELECT version FROM applied")) {
        int version = row.next() ? row.getInt(1) : 0;
        if (version == SchemaUpgrade.FROM) {
          SchemaUpgrade.run(connection);
          return true;
        } else if (version != VERSION) {
          throw new DatabaseUnusableException(
              "the database has another schema than version " + VERSION);
        }
        return false;
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

  /** Makes the tables, without the indexes of {@link #index}. */
  static void make(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      for (String sql : TABLES) {
        statement.execute(sql);
      }
      statement.execute("INSERT INTO applied VALUES(1, " + VERSION + ", 0, 0, 0, 0, 0, 0)");
    }
    makePacked(connection);
    try (PreparedStatement update = AppliedRow.prepare(connection)) {
      new AppliedRow(LogPosition.START, 0, 0, 0).write(update);
    }
    connection.commit();
  }

  /** Makes the tables of what is packed. */
  static void makePacked(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      // Clustered on the log index, since appending is the cheapest thing H2 does. No index beside
      // it: what is undelivered is known in memory, and each message names the one before it of its
      // sender and of its recipient.
      statement.execute(
          "CREATE TABLE messages(last_id BIGINT PRIMARY KEY, pack VARBINARY NOT NULL)");
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
    }
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
