package chat.server.storage;

import chat.server.chat.Account;
import chat.server.chat.ChatStateMachine;
import chat.server.replication.LogPosition;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;

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
      "SELECT * FROM sessions ORDER BY token"
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
    digest = digest * 1_000_003 + messages(connection, memory);
    for (long id : memory.accounts().stream().mapToLong(Account::id).sorted().toArray()) {
      digest = digest * 1_000_003 + memory.mailbox(id).digest();
    }
    return digest;
  }

  /** How they are packed is nobody's business. */
  private static long messages(Connection connection, ChatMemory memory) throws SQLException {
    long digest = 0;
    long firstCounting = Long.MAX_VALUE;
    long forgotten = memory.lastTimeMicros() - ChatStateMachine.REMEMBERED_MICROS;
    try (MessageTable messages = new MessageTable(connection, MessageTable.names(memory))) {
      List<MessageRow> page = messages.after(0);
      while (!page.isEmpty()) {
        for (MessageRow row : page) {
          digest = digest * 1_000_003 + row.hashCode();
          if (row.message().sentTimeMicros() > forgotten) {
            firstCounting = Math.min(firstCounting, row.id());
          }
        }
        page = messages.after(page.get(page.size() - 1).id());
      }
    }
    for (int day = 0; day < Schema.REQUEST_TABLES; day++) {
      digest += requests(new RequestTable(connection, day).reader(), firstCounting);
    }
    return digest;
  }

  /** Only those that still count: when the others are forgotten is nobody's business either. */
  private static long requests(RequestTable.Reader reader, long firstCounting) throws SQLException {
    long sum = 0;
    List<RequestRow> page = reader.next();
    while (!page.isEmpty()) {
      for (RequestRow row : page) {
        if (row.messageId() >= firstCounting) {
          // Their order is not the same everywhere.
          sum += (row.hashCode() ^ (row.messageId() << 32)) * 0x9e3779b97f4a7c15L;
        }
      }
      page = reader.next();
    }
    return sum;
  }
}
