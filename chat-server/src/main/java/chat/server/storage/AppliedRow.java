package chat.server.storage;

import chat.server.replication.Epoch;
import chat.server.replication.LogPosition;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * The one row that says what the database is: written with every transaction, with a hash of its
 * own.
 *
 * @param position up to where the log is applied
 * @param lastTimeMicros the newest stamp applied
 * @param requestDay the day that request ids are being remembered for
 * @param sums of the rows of all other tables
 * @param clean whether the database was closed in order after that
 */
record AppliedRow(
    LogPosition position, long lastTimeMicros, long requestDay, RowSums sums, boolean clean) {
  static final String COLUMNS =
      "log_index BIGINT NOT NULL, epoch BIGINT NOT NULL, hash BIGINT NOT NULL,"
          + " last_time BIGINT NOT NULL, request_day BIGINT NOT NULL, "
          + String.join(" BIGINT NOT NULL, ", RowSums.COLUMNS)
          + " BIGINT NOT NULL, clean BOOLEAN NOT NULL, row_hash BIGINT NOT NULL";

  private static final String UPDATE =
      "UPDATE applied SET log_index = ?, epoch = ?, hash = ?, last_time = ?, request_day = ?, "
          + String.join(" = ?, ", RowSums.COLUMNS)
          + " = ?, clean = ?, row_hash = ? WHERE one = 1";

  private static final int FIRST_SUM = 6;

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
    int at = FIRST_SUM;
    for (long sum : sums.values()) {
      update.setLong(at++, sum);
    }
    update.setBoolean(at++, clean);
    update.setLong(at, hash());
    update.executeUpdate();
  }

  /**
   * Reads it.
   *
   * @throws DatabaseUnusableException if there is none, or not as it was written
   */
  static AppliedRow read(Connection connection) throws SQLException, DatabaseUnusableException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT * FROM applied")) {
      if (!row.next()) {
        throw new DatabaseUnusableException("the database does not say what it has applied");
      }
      AppliedRow read =
          new AppliedRow(
              new LogPosition(
                  row.getLong("log_index"), new Epoch(row.getLong("epoch")), row.getLong("hash")),
              row.getLong("last_time"),
              row.getLong("request_day"),
              RowSums.read(row),
              row.getBoolean("clean"));
      if (row.getLong("row_hash") != read.hash()) {
        throw new DatabaseUnusableException(
            "the database is damaged: what it says of itself is not as it was written: " + read);
      }
      return read;
    }
  }

  private long hash() {
    return RowHash.ofKey(
        position.index(),
        position.epoch().number(),
        position.hash(),
        lastTimeMicros,
        requestDay,
        RowHash.ofKey(sums.values()),
        clean ? 1 : 0);
  }
}
