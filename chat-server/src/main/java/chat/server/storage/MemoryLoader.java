package chat.server.storage;

import chat.server.chat.Account;
import chat.server.chat.SessionRecord;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/** Fills the memory from the database when that is opened. One thread's. */
final class MemoryLoader {
  private final Connection connection;
  private final ChatMemory memory;

  MemoryLoader(Connection connection, ChatMemory memory) {
    this.connection = connection;
    this.memory = memory;
  }

  /** Reads who there is. */
  void accountsAndSessions() throws SQLException {
    try (Statement statement = connection.createStatement()) {
      try (ResultSet row = statement.executeQuery("SELECT * FROM accounts ORDER BY id")) {
        while (row.next()) {
          memory.put(
              new Account(
                  row.getLong("id"),
                  row.getString("username"),
                  row.getString("password_hash"),
                  row.getString("create_request"),
                  row.getLong("created"),
                  row.getLong("acknowledged"),
                  row.getBoolean("deleted")));
        }
      }
      try (ResultSet row = statement.executeQuery("SELECT * FROM sessions ORDER BY touched")) {
        while (row.next()) {
          memory.put(
              new SessionRecord(
                  new String(row.getBytes("token"), StandardCharsets.ISO_8859_1),
                  row.getLong("account_id"),
                  SessionRecord.State.of(row.getByte("state")),
                  row.getLong("expires"),
                  row.getLong("touched"),
                  row.getLong("stream_id"),
                  row.getLong("reign"),
                  row.getString("request_id"),
                  row.getInt("discarded")));
        }
      }
    }
  }
}
