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
  private final PackedRows.Builder pack = new PackedRows.Builder();
  private @Nullable PreparedStatement insert;
  private @Nullable PreparedStatement select;
  // The one that was read last: what is asked for together was often written together.
  private PackedRows last = new PackedRows(pack.take());

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
    long id = 0;
    for (MessageRow row : messages) {
      row.addTo(pack);
      id = row.id();
      if (pack.isFull()) {
        add(prepared, id);
      }
    }
    if (!pack.isEmpty()) {
      add(prepared, id);
    }
    prepared.executeBatch();
  }

  private void add(PreparedStatement prepared, long lastId) throws SQLException {
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
    return find(last, id);
  }

  private static boolean isWithin(PackedRows rows, long id) {
    return rows.size() > 0
        && MessageRow.id(rows.row(0)) <= id
        && id <= MessageRow.id(rows.row(rows.size() - 1));
  }

  private @Nullable MessageRow find(PackedRows rows, long id) {
    int low = 0;
    int high = rows.size() - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      ByteBuffer row = rows.row(middle);
      long found = MessageRow.id(row);
      if (found == id) {
        return MessageRow.read(row, names);
      } else if (found < id) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return null;
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

  private void addAfter(long id, PackedRows rows, List<MessageRow> page) {
    for (int i = 0; i < rows.size(); i++) {
      ByteBuffer row = rows.row(i);
      if (MessageRow.id(row) > id) {
        page.add(MessageRow.read(row, names));
      }
    }
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
