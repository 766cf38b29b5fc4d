package chat.server.storage;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/**
 * The table of what memory knows of each account's messages, so that a start need not read them
 * all. It follows in rounds: a round writes all mailboxes that changed before it began, some with
 * each transaction; the messages after the last whole round are read again at a start. One thread's
 * at a time.
 */
final class MailboxTable {
  /** Of one account: an id of the log has 53 bits at most, for the sake of everybody's tools. */
  private static final int ROWS_MAX = 1024;

  /** Bytes that a round may have taken for each entry that has come since. */
  private static final int ENTRY_BYTES = 16;

  private final ChatMemory memory;
  private final Pace pace;
  private final PreparedStatement merge;
  private final PreparedStatement deleteRest;

  private long writtenIndex;
  // The round that is under way: how many are left of those that had changed when it began.
  private long roundIndex;
  private int left;
  private long roundBytes;

  /**
   * @param writtenIndex up to which message the table has all
   */
  MailboxTable(Connection connection, ChatMemory memory, long writtenIndex, Pace pace)
      throws SQLException {
    this.memory = memory;
    this.pace = pace;
    this.writtenIndex = writtenIndex;
    this.roundIndex = writtenIndex;
    this.merge = connection.prepareStatement("MERGE INTO mailboxes KEY(id) VALUES(?, ?, ?, ?, ?)");
    this.deleteRest = connection.prepareStatement("DELETE FROM mailboxes WHERE id >= ? AND id < ?");
  }

  /** Up to which message the table has all, when what was taken is written. */
  long writtenIndex() {
    return writtenIndex;
  }

  /**
   * What is due. To be called before the rest of the transaction is taken: a mailbox must not have
   * what the database has not.
   *
   * @param appliedIndex up to where every message is in its mailboxes
   */
  List<Mailbox.Rows> due(long appliedIndex) {
    if (left == 0
        && appliedIndex - writtenIndex > Math.max(pace.roundEntries(), roundBytes / ENTRY_BYTES)) {
      begin(appliedIndex);
    }
    return next();
  }

  /** Whether a round has begun and not all of it is taken. */
  boolean isUnderWay() {
    return left > 0;
  }

  /** Begins a round, also where one is under way. */
  void begin(long appliedIndex) {
    roundIndex = appliedIndex;
    left = memory.changedMailboxes();
    roundBytes = 0;
  }

  /** What comes next in the round, if one is under way. */
  List<Mailbox.Rows> next() {
    List<Mailbox.Rows> taken = new ArrayList<>();
    while (left > 0 && taken.size() < pace.mailboxes()) {
      Mailbox.Rows rows = memory.takeChangedMailbox();
      roundBytes += rows.bytes();
      taken.add(rows);
      left--;
    }
    if (left == 0) {
      writtenIndex = roundIndex;
    }
    return taken;
  }

  /** Writes them; the caller commits. */
  void write(List<Mailbox.Rows> mailboxes) throws SQLException {
    if (mailboxes.isEmpty()) {
      return;
    }
    for (Mailbox.Rows rows : mailboxes) {
      long first = rows.accountId() * ROWS_MAX;
      long id = first;
      for (byte[] part : rows.waiting()) {
        merge.setLong(1, id++);
        merge.setLong(2, rows.newest());
        merge.setLong(3, rows.messages());
        merge.setLong(4, rows.newestReceived());
        merge.setBytes(5, part);
        merge.addBatch();
      }
      deleteRest.setLong(1, id);
      deleteRest.setLong(2, first + ROWS_MAX);
      deleteRest.addBatch();
    }
    merge.executeBatch();
    deleteRest.executeBatch();
  }

  /** Reads the mailboxes, and the messages after those that they all have, into memory. */
  static void read(Connection connection, ChatMemory memory, long writtenIndex)
      throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT id, newest, messages, newest_received, waiting FROM mailboxes"
                    + " ORDER BY id")) {
      while (row.next()) {
        memory
            .mailbox(row.getLong(1) / ROWS_MAX)
            .restore(row.getLong(2), row.getLong(3), row.getLong(4), row.getBytes(5));
      }
    }
    try (MessageTable messages = new MessageTable(connection, MessageTable.names(memory))) {
      List<MessageRow> page = messages.after(writtenIndex);
      while (!page.isEmpty()) {
        for (MessageRow row : page) {
          memory.addUnlessKnown(row.message().senderId(), row.message().recipientId(), row.id());
        }
        page = messages.after(page.get(page.size() - 1).id());
      }
    }
    memory.dropDelivered();
  }
}
