package chat.server.storage;

import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/**
 * The table of what memory knows of each account's messages. It is right only in a database that
 * was closed in order; after a crash all messages are read instead. Stateless.
 */
final class Mailboxes {
  /** Ids in one row; an account may have several rows, in order. */
  private static final int IDS_MAX = 10_000;

  private Mailboxes() {}

  /** Replaces all rows; the caller commits. */
  static void write(Connection connection, ChatMemory memory, RowSums sums) throws SQLException {
    // Not TRUNCATE, which ends the transaction: a crash now must leave those that were there.
    try (Statement statement = connection.createStatement()) {
      statement.executeUpdate("DELETE FROM mailboxes");
    }
    sums.clear(RowSums.MAILBOXES);
    try (PreparedStatement insert =
        connection.prepareStatement("INSERT INTO mailboxes VALUES(?, ?, ?, ?, ?)")) {
      for (ChatMemory.Mailbox mailbox : memory.mailboxes()) {
        for (byte[] waiting : parts(mailbox.waiting(0, Integer.MAX_VALUE))) {
          insert.setLong(1, mailbox.accountId());
          insert.setLong(2, mailbox.newest());
          insert.setLong(3, mailbox.messages());
          insert.setLong(4, mailbox.newestReceived());
          insert.setBytes(5, waiting);
          insert.addBatch();
          sums.add(
              RowSums.MAILBOXES,
              RowHash.ofMailbox(
                  mailbox.accountId(),
                  mailbox.newest(),
                  mailbox.messages(),
                  mailbox.newestReceived(),
                  waiting));
        }
      }
      insert.executeBatch();
    }
  }

  /** At least one part, which may be empty. */
  private static List<byte[]> parts(long[] ids) {
    List<byte[]> parts = new ArrayList<>();
    for (int from = 0; from == 0 || from < ids.length; from += IDS_MAX) {
      int count = Math.min(IDS_MAX, ids.length - from);
      ByteBuffer part = ByteBuffer.allocate(count * Long.BYTES);
      part.asLongBuffer().put(ids, from, count);
      parts.add(part.array());
    }
    return parts;
  }

  /** Reads all rows into memory, and adds them up. */
  static void read(Connection connection, ChatMemory memory, RowSums sums) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT * FROM mailboxes ORDER BY _ROWID_")) {
      while (row.next()) {
        long accountId = row.getLong("account_id");
        long newest = row.getLong("newest");
        long messages = row.getLong("messages");
        long newestReceived = row.getLong("newest_received");
        byte[] waiting = row.getBytes("waiting");
        ChatMemory.Mailbox mailbox = memory.mailbox(accountId);
        mailbox.restore(newest, messages, newestReceived);
        ByteBuffer ids = ByteBuffer.wrap(waiting);
        while (ids.remaining() >= Long.BYTES) {
          mailbox.addWaiting(ids.getLong());
        }
        sums.add(
            RowSums.MAILBOXES,
            RowHash.ofMailbox(accountId, newest, messages, newestReceived, waiting));
      }
    }
  }
}
