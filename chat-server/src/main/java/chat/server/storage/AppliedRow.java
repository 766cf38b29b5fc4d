package chat.server.storage;

import chat.server.replication.Epoch;
import chat.server.replication.LogPosition;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * The one row that says what the database is: written with every transaction.
 *
 * @param position up to where the log is applied
 * @param lastTimeMicros the newest stamp applied
 * @param requestDay the day that request ids are being remembered for
 * @param mailboxesIndex up to which message every account's mailbox is written; those of some may
 *     be newer
 */
record AppliedRow(LogPosition position, long lastTimeMicros, long requestDay, long mailboxesIndex) {
  static final String COLUMNS =
      "log_index BIGINT NOT NULL, epoch BIGINT NOT NULL, hash BIGINT NOT NULL,"
          + " last_time BIGINT NOT NULL, request_day BIGINT NOT NULL,"
          + " mailboxes_index BIGINT NOT NULL";

  private static final String UPDATE =
      "UPDATE applied SET log_index = ?, epoch = ?, hash = ?, last_time = ?, request_day = ?,"
          + " mailboxes_index = ? WHERE one = 1";

  /** Writes the row as it is. */
  static final String TOUCH = "UPDATE applied SET one = one WHERE one = 1";

  /** What {@link #write} needs. */
  static PreparedStatement prepare(Connection connection) throws SQLException {
    return connection.prepareStatement(UPDATE);
  }

  /** Writes it; not committed yet. */
  void write(PreparedStatement update) throws SQLException {
    update.setLong(1, position.index());
    update.setLong(2, position.epoch().number());
    update.setLong(3, position.hash());
    update.setLong(4, lastTimeMicros);
    update.setLong(5, requestDay);
    update.setLong(6, mailboxesIndex);
    update.executeUpdate();
  }

  /**
   * Reads it.
   *
   * @throws DatabaseUnusableException if there is none
   */
  static AppliedRow read(Connection connection) throws SQLException, DatabaseUnusableException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT * FROM applied")) {
      if (!row.next()) {
        throw new DatabaseUnusableException("the database does not say what it has applied");
      }
      return new AppliedRow(
          new LogPosition(
              row.getLong("log_index"), new Epoch(row.getLong("epoch")), row.getLong("hash")),
          row.getLong("last_time"),
          row.getLong("request_day"),
          row.getLong("mailboxes_index"));
    }
  }
}
