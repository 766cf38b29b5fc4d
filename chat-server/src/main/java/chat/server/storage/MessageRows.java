package chat.server.storage;

import chat.server.chat.Account;
import chat.server.chat.StoredMessage;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/** Reads the table of messages; names come from memory. */
final class MessageRows {
  private MessageRows() {}

  /** What {@link #find} needs. */
  static PreparedStatement prepare(Connection connection) throws SQLException {
    return connection.prepareStatement("SELECT * FROM messages WHERE id = ?");
  }

  /** A message of the database; null if it has none of that id. */
  static @Nullable MessageRow find(PreparedStatement select, long id, ChatMemory memory)
      throws SQLException {
    select.setLong(1, id);
    try (ResultSet row = select.executeQuery()) {
      return row.next() ? read(row, memory) : null;
    }
  }

  private static MessageRow read(ResultSet row, ChatMemory memory) throws SQLException {
    long sender = row.getLong("sender_id");
    long recipient = row.getLong("recipient_id");
    StoredMessage message =
        new StoredMessage(
            row.getLong("id"),
            sender,
            name(sender, memory),
            recipient,
            name(recipient, memory),
            row.getString("text"),
            row.getLong("sent"));
    return new MessageRow(
        message,
        row.getBoolean("live"),
        row.getLong("sender_before"),
        row.getLong("recipient_before"));
  }

  private static String name(long id, ChatMemory memory) throws SQLException {
    Account account = memory.account(id);
    if (account == null) {
      throw new SQLException("a message of account " + id + ", which is not in the database");
    }
    return account.username();
  }
}
