package chat.server.storage;

import chat.server.chat.Account;
import chat.server.chat.ChatStateMachine;
import chat.server.replication.LogPosition;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/** A digest of everything that a state says. */
final class StateDigest {
  private StateDigest() {}

  /**
   * Reads it all; nothing may be unwritten.
   *
   * @param position up to which the log is applied
   */
  static long of(Connection connection, ChatMemory memory, LogPosition position)
      throws SQLException {
    long digest = position.hash();
    String[] queries = {
      "SELECT log_index, epoch, hash, last_time FROM applied",
      "SELECT * FROM accounts ORDER BY id",
      "SELECT * FROM sessions ORDER BY token",
      "SELECT * FROM messages ORDER BY id",
      // Only those that still count: when the others are forgotten is nobody's business.
      "SELECT r.account_id, r.request_id, r.message_id FROM ("
          + "SELECT * FROM requests_0 UNION ALL SELECT * FROM requests_1"
          + " UNION ALL SELECT * FROM requests_2) r JOIN messages m ON m.id = r.message_id"
          + " WHERE m.sent > "
          + (memory.lastTimeMicros() - ChatStateMachine.REMEMBERED_MICROS)
          + " ORDER BY r.message_id"
    };
    for (String sql : queries) {
      try (Statement statement = connection.createStatement();
          ResultSet row = statement.executeQuery(sql)) {
        int columns = row.getMetaData().getColumnCount();
        while (row.next()) {
          for (int i = 1; i <= columns; i++) {
            digest = digest * 1_000_003 + row.getString(i).hashCode();
          }
        }
      }
    }
    for (long id : memory.accounts().stream().mapToLong(Account::id).sorted().toArray()) {
      digest = digest * 1_000_003 + memory.mailbox(id).digest();
    }
    return digest;
  }
}
