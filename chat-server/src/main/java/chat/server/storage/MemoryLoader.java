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
      // By number: looked up by name, the columns take as long as the rest at a start.
      try (ResultSet row =
          statement.executeQuery(
              "SELECT id, username, password_hash, create_request, created, acknowledged, deleted"
                  + " FROM accounts ORDER BY id")) {
        while (row.next()) {
          memory.put(
              new Account(
                  row.getLong(1),
                  row.getString(2),
                  row.getString(3),
                  row.getString(4),
                  row.getLong(5),
                  row.getLong(6),
                  row.getBoolean(7)));
        }
      }
      try (ResultSet row =
          statement.executeQuery(
              "SELECT token, account_id, state, expires, touched, stream_id, reign, request_id,"
                  + " discarded FROM sessions ORDER BY touched")) {
        while (row.next()) {
          memory.put(
              new SessionRecord(
                  new String(row.getBytes(1), StandardCharsets.ISO_8859_1),
                  row.getLong(2),
                  SessionRecord.State.of(row.getByte(3)),
                  row.getLong(4),
                  row.getLong(5),
                  row.getLong(6),
                  row.getLong(7),
                  row.getString(8),
                  row.getInt(9)));
        }
      }
    }
  }
}
