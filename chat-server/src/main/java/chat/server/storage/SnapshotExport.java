package chat.server.storage;

import chat.server.chat.ChatStateMachine;
import chat.server.replication.LogPosition;
import java.io.DataOutput;
import java.io.IOException;
import java.io.OutputStream;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
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
      export.writeAll();
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

  private void writeAll() throws SQLException, IOException {
    for (SnapshotColumns of : SnapshotColumns.values()) {
      writeColumns(of);
    }
    long firstCounting = writeMessages();
    for (int day = 0; day < Schema.REQUEST_TABLES; day++) {
      writeRequests(day, firstCounting);
    }
  }

  private void writeColumns(SnapshotColumns of) throws SQLException, IOException {
    try (PreparedStatement select = connection.prepareStatement(of.select())) {
      Object after = of.firstKey();
      int rows = PAGE_ROWS;
      while (rows == PAGE_ROWS) {
        select.setObject(1, after);
        select.setInt(2, PAGE_ROWS);
        rows = 0;
        try (ResultSet row = select.executeQuery()) {
          while (row.next()) {
            after = of.write(row, out.row(of.table()));
            rows++;
          }
        }
      }
    }
  }

  /** Writes the messages; the first one whose request id is to be remembered: times grow. */
  private long writeMessages() throws SQLException, IOException {
    long forgotten = header.lastTimeMicros() - ChatStateMachine.REMEMBERED_MICROS;
    long firstCounting = Long.MAX_VALUE;
    try (MessageTable messages = new MessageTable(connection, id -> "")) {
      List<MessageRow> page = messages.after(0);
      while (!page.isEmpty()) {
        for (MessageRow row : page) {
          write(row, out.row(SnapshotTable.MESSAGES));
          if (row.message().sentTimeMicros() > forgotten) {
            firstCounting = Math.min(firstCounting, row.id());
          }
        }
        page = messages.after(page.get(page.size() - 1).id());
      }
    }
    return firstCounting;
  }

  private static void write(MessageRow row, DataOutput to) throws IOException {
    to.writeLong(row.id());
    to.writeLong(row.message().senderId());
    to.writeLong(row.message().recipientId());
    to.writeLong(row.message().sentTimeMicros());
    to.writeBoolean(row.live());
    SnapshotFormat.writeText(row.message().text(), to);
  }

  private void writeRequests(int day, long firstCounting) throws SQLException, IOException {
    RequestTable.Reader requests = new RequestTable(connection, day).reader();
    List<RequestRow> page = requests.next();
    while (!page.isEmpty()) {
      for (RequestRow row : page) {
        if (row.messageId() >= firstCounting) {
          DataOutput to = out.row(SnapshotTable.ofRequests(day));
          to.writeLong(row.messageId());
          to.writeLong(row.accountId());
          SnapshotFormat.writeText(row.requestId(), to);
        }
      }
      page = requests.next();
    }
  }
}
