package chat.server.storage;

import chat.server.chat.Account;
import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * The table of messages, packed in the order of their ids: each row of it has the messages from the
 * row before up to its own id. Packs are never changed. One thread's at a time.
 */
final class MessageTable implements AutoCloseable {
  private static final int PAGE_PACKS = 16;

  private final Connection connection;
  private final LongFunction<String> names;
  private @Nullable PreparedStatement insert;
  private @Nullable PreparedStatement select;
  // The one that was read last: what is asked for together was often written together.
  private PackedRows last = PackedRows.NONE;

  /**
   * @param connection left open
   * @param names of accounts, by their ids
   */
  MessageTable(Connection connection, LongFunction<String> names) {
    this.connection = connection;
    this.names = names;
  }

  /** Names as they are in memory. */
  static LongFunction<String> names(ChatMemory memory) {
    return id -> {
      Account account = memory.account(id);
      if (account == null) {
        throw new IllegalStateException(
            "a message of account " + id + ", which is not in the database");
      }
      return account.username();
    };
  }

  /** Adds messages, all newer than those that are there; the caller commits. */
  void write(Collection<MessageRow> messages) throws SQLException {
    if (messages.isEmpty()) {
      return;
    }
    PreparedStatement prepared = insert;
    if (prepared == null) {
      prepared = connection.prepareStatement("INSERT INTO messages VALUES(?, ?)");
      insert = prepared;
    }
    PackedRows.Builder pack = new PackedRows.Builder();
    long id = 0;
    for (MessageRow row : messages) {
      row.addTo(pack);
      id = row.id();
      if (pack.isFull()) {
        add(prepared, id, pack);
      }
    }
    if (!pack.isEmpty()) {
      add(prepared, id, pack);
    }
    prepared.executeBatch();
  }

  private static void add(PreparedStatement prepared, long lastId, PackedRows.Builder pack)
      throws SQLException {
    prepared.setLong(1, lastId);
    prepared.setBytes(2, pack.take());
    prepared.addBatch();
  }

  /** A message; null if there is none of that id. */
  @Nullable MessageRow find(long id) throws SQLException {
    if (!isWithin(last, id)) {
      PreparedStatement prepared = select;
      if (prepared == null) {
        prepared =
            connection.prepareStatement(
                "SELECT pack FROM messages WHERE last_id >= ? ORDER BY last_id LIMIT 1");
        select = prepared;
      }
      prepared.setLong(1, id);
      try (ResultSet row = prepared.executeQuery()) {
        if (!row.next()) {
          return null;
        }
        last = new PackedRows(row.getBytes(1));
      }
    }
    int place = last.find(row -> Long.compare(MessageRow.id(row), id));
    return place < 0 ? null : last.read(place, this::read);
  }

  private static boolean isWithin(PackedRows rows, long id) throws SQLException {
    return rows.size() > 0
        && rows.read(0, MessageRow::id) <= id
        && id <= rows.read(rows.size() - 1, MessageRow::id);
  }

  /** Some of the messages after an id, in order; none if there are no more. */
  List<MessageRow> after(long id) throws SQLException {
    List<MessageRow> page = new ArrayList<>();
    try (PreparedStatement some =
        connection.prepareStatement(
            "SELECT pack FROM messages WHERE last_id > ? ORDER BY last_id LIMIT " + PAGE_PACKS)) {
      some.setLong(1, id);
      try (ResultSet row = some.executeQuery()) {
        while (row.next()) {
          addAfter(id, new PackedRows(row.getBytes(1)), page);
        }
      }
    }
    return page;
  }

  private void addAfter(long id, PackedRows rows, List<MessageRow> page) throws SQLException {
    for (int i = 0; i < rows.size(); i++) {
      if (rows.read(i, MessageRow::id) > id) {
        page.add(rows.read(i, this::read));
      }
    }
  }

  private MessageRow read(ByteBuffer row) {
    return MessageRow.read(row, names);
  }

  @Override
  public void close() throws SQLException {
    if (insert != null) {
      insert.close();
    }
    if (select != null) {
      select.close();
    }
  }
}
