package chat.server.storage;

import chat.server.chat.ChatStateMachine;
import chat.server.replication.LogPosition;
import java.io.IOException;
import java.io.OutputStream;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import org.h2.engine.Constants;

/**
 * Writes what a database holds at one moment as a snapshot, while it goes on. Rows are read by
 * pages, so that memory does not grow with them.
 */
final class SnapshotExport {
  private static final int PAGE_ROWS = 500;

  private final Connection connection;
  private final SnapshotOutput out;
  private final SnapshotHeader header;

  private SnapshotExport(Connection connection, SnapshotOutput out, SnapshotHeader header) {
    this.connection = connection;
    this.out = out;
    this.header = header;
  }

  /**
   * Writes a snapshot.
   *
   * @param connection fresh and for this alone
   * @return the log position of the moment
   */
  static LogPosition write(
      Connection connection, String clusterId, long lineage, OutputStream stream)
      throws SQLException, DatabaseUnusableException, IOException {
    // All tables as they are when the first of them is asked; writers go on, and emptying a table
    // leaves its rows to those who see them.
    connection.setTransactionIsolation(Constants.TRANSACTION_SNAPSHOT);
    connection.setAutoCommit(false);
    SnapshotHeader header = header(connection, clusterId, lineage);
    try (SnapshotOutput out = new SnapshotOutput(stream, header)) {
      SnapshotExport export = new SnapshotExport(connection, out, header);
      for (SnapshotTable table : SnapshotTable.values()) {
        export.write(table);
      }
      out.finish();
    }
    connection.commit();
    return header.position();
  }

  private static SnapshotHeader header(Connection connection, String clusterId, long lineage)
      throws SQLException, DatabaseUnusableException {
    AppliedRow row = AppliedRow.read(connection);
    return new SnapshotHeader(
        clusterId, lineage, row.position(), row.lastTimeMicros(), row.requestDay());
  }

  private void write(SnapshotTable table) throws SQLException, IOException {
    try (PreparedStatement select = connection.prepareStatement(table.select())) {
      Object after = table.firstKey();
      int rows = PAGE_ROWS;
      while (rows == PAGE_ROWS) {
        int at = 1;
        select.setObject(at++, after);
        if (table.isRequests()) {
          select.setLong(at++, header.lastTimeMicros() - ChatStateMachine.REMEMBERED_MICROS);
        }
        select.setInt(at, PAGE_ROWS);
        rows = 0;
        try (ResultSet row = select.executeQuery()) {
          while (row.next()) {
            after = table.write(row, out.row(table));
            rows++;
          }
        }
      }
    }
  }
}
