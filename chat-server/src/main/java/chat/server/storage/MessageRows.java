package chat.server.storage;

import chat.server.chat.Account;
import chat.server.chat.StoredMessage;
import java.sql.ResultSet;
import java.sql.SQLException;

/** Rows of the table of messages as messages; names come from memory. */
final class MessageRows {
  private MessageRows() {}

  static StoredMessage read(ResultSet row, ChatMemory memory) throws SQLException {
    long sender = row.getLong("sender_id");
    long recipient = row.getLong("recipient_id");
    return new StoredMessage(
        row.getLong("id"),
        sender,
        name(sender, memory),
        recipient,
        name(recipient, memory),
        row.getString("text"),
        row.getLong("sent"));
  }

  private static String name(long id, ChatMemory memory) throws SQLException {
    Account account = memory.account(id);
    if (account == null) {
      throw new SQLException("a message of account " + id + ", which is not in the database");
    }
    return account.username();
  }
}
