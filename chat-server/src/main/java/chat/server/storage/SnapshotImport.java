package chat.server.storage;

import chat.server.chat.StoredMessage;
import java.io.DataInputStream;
import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** Puts the blocks of a snapshot into a new database. One thread's. */
final class SnapshotImport {
  private static final int BATCH_ROWS = 1000;

  private final Connection connection;
  private final long lastTimeMicros;
  private final Map<SnapshotTable, SnapshotColumns> columns = new EnumMap<>(SnapshotTable.class);
  private final MessageTable messages;
  private final List<RequestTable> requests = new ArrayList<>();

  /** What is known of the messages read before: they come in order. */
  private final ChatMemory chains = new ChatMemory();

  /**
   * @param connection of a database that has the tables and nothing in them
   * @param lastTimeMicros the newest stamp of the snapshot
   */
  SnapshotImport(Connection connection, long lastTimeMicros) {
    this.connection = connection;
    this.lastTimeMicros = lastTimeMicros;
    for (SnapshotColumns of : SnapshotColumns.values()) {
      columns.put(of.table(), of);
    }
    this.messages = new MessageTable(connection, id -> "");
    for (int day = 0; day < Schema.REQUEST_TABLES; day++) {
      requests.add(new RequestTable(connection, day));
    }
  }

  /** Takes in a block; the caller commits. */
  void read(SnapshotInput.Block block) throws IOException {
    SnapshotColumns plain = columns.get(block.table());
    try {
      if (plain != null) {
        readColumns(plain, block);
      } else if (block.table() == SnapshotTable.MESSAGES) {
        readMessages(block);
      } else {
        readRequests(block);
      }
    } catch (SQLException e) {
      throw new StorageFailure("taking in a snapshot", e);
    }
  }

  private void readColumns(SnapshotColumns of, SnapshotInput.Block block)
      throws SQLException, IOException {
    try (PreparedStatement insert = connection.prepareStatement(of.insert())) {
      for (int row = 0; row < block.rows(); row++) {
        of.read(block.content(), insert);
        insert.addBatch();
        if (row % BATCH_ROWS == BATCH_ROWS - 1) {
          insert.executeBatch();
        }
      }
      insert.executeBatch();
    }
  }

  private void readMessages(SnapshotInput.Block block) throws SQLException, IOException {
    List<MessageRow> rows = new ArrayList<>();
    for (int i = 0; i < block.rows(); i++) {
      rows.add(readMessage(block.content()));
    }
    messages.write(rows);
  }

  /** A message as {@link SnapshotExport} writes it; who is before it, it does not say. */
  private MessageRow readMessage(DataInputStream in) throws IOException {
    long id = in.readLong();
    long sender = in.readLong();
    long recipient = in.readLong();
    long sent = in.readLong();
    boolean live = in.readBoolean();
    String text = SnapshotFormat.readText(in);
    MessageRow row =
        new MessageRow(
            new StoredMessage(id, sender, "", recipient, "", text, sent),
            live,
            chains.newestOf(sender),
            chains.newestOf(recipient));
    chains.add(sender, recipient, id, false);
    return row;
  }

  private void readRequests(SnapshotInput.Block block) throws SQLException, IOException {
    List<RequestRow> rows = new ArrayList<>();
    for (int i = 0; i < block.rows(); i++) {
      long message = block.content().readLong();
      long account = block.content().readLong();
      rows.add(new RequestRow(SnapshotFormat.readText(block.content()), account, message));
    }
    requests.get(block.table().day()).write(rows, lastTimeMicros);
  }
}
