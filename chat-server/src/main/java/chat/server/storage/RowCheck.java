package chat.server.storage;

import chat.server.chat.Account;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * Reads every row of the large tables, and every entry of their indexes, sums them up, and fills
 * the memory with what the messages say of their accounts. Of a database that was closed in order
 * this is left out: it takes seconds for a million messages. One thread's.
 */
final class RowCheck {
  private final Connection connection;
  private final ChatMemory memory;

  private interface Rows {
    /** The hash of a row, having added what its index entries must sum up to. */
    long hash(ResultSet row) throws SQLException;
  }

  private long byRequest;
  private long count;
  private boolean chained = true;

  /**
   * @param memory with the accounts; gets what their messages are
   */
  RowCheck(Connection connection, ChatMemory memory) {
    this.connection = connection;
    this.memory = memory;
  }

  /**
   * Holds rows against their sums.
   *
   * @param clean whether the database was closed in order: then only their number is looked at
   * @throws DatabaseUnusableException if a row, or an index entry, is missing or wrong
   */
  void check(RowSums expected, boolean clean) throws SQLException, DatabaseUnusableException {
    emptyWhatWasToBeEmptied(expected);
    if (clean) {
      expected.require(
          RowSums.MESSAGE_COUNT, sum("SELECT COUNT(*) FROM messages", row -> row.getLong(1)));
      RowSums mailboxes = new RowSums();
      Mailboxes.read(connection, memory, mailboxes);
      expected.require(RowSums.MAILBOXES, mailboxes.get(RowSums.MAILBOXES));
      return;
    }
    TreeCheck.check(connection);
    requireIndex(
        "of session tokens",
        // By a column that no index has: from the rows themselves.
        sum("SELECT token FROM sessions ORDER BY touched", RowCheck::token),
        "SELECT token FROM sessions ORDER BY token",
        RowCheck::token);
    RowSums found = new RowSums();
    sum(found);
    for (int i = RowSums.MESSAGES; i < RowSums.MAILBOXES; i++) {
      expected.require(i, found.get(i));
    }
  }

  private void emptyWhatWasToBeEmptied(RowSums expected) throws SQLException {
    for (int i = 0; i < Schema.REQUEST_TABLES; i++) {
      boolean isForgotten = expected.get(RowSums.REQUESTS + i) == 0;
      if (isForgotten && sum("SELECT COUNT(*) FROM requests_" + i, row -> row.getLong(1)) > 0) {
        try (Statement statement = connection.createStatement()) {
          statement.execute("TRUNCATE TABLE requests_" + i);
        }
      }
    }
  }

  /** Adds up the rows of the large tables. */
  void sum(RowSums sums) throws SQLException, DatabaseUnusableException {
    // Rows as they come, however many: H2 would first gather them all.
    set("LAZY_QUERY_EXECUTION 1");
    sums.add(RowSums.MESSAGES, messages());
    sums.add(RowSums.MESSAGE_COUNT, count);
    for (int i = 0; i < Schema.REQUEST_TABLES; i++) {
      sums.add(RowSums.REQUESTS + i, requests(i));
    }
    set("LAZY_QUERY_EXECUTION 0");
  }

  private long messages() throws SQLException, DatabaseUnusableException {
    long sum = sum("SELECT * FROM messages ORDER BY id", this::message);
    if (!chained) {
      throw new DatabaseUnusableException(
          "the database is damaged: a message does not name the one before it");
    }
    return sum;
  }

  private static long token(ResultSet row) throws SQLException {
    return RowHash.ofKey(0, new String(row.getBytes(1), StandardCharsets.ISO_8859_1));
  }

  private long message(ResultSet row) throws SQLException {
    long id = row.getLong("id");
    long sender = row.getLong("sender_id");
    long recipient = row.getLong("recipient_id");
    long senderBefore = row.getLong("sender_before");
    long recipientBefore = row.getLong("recipient_before");
    chained &= senderBefore == memory.newestOf(sender);
    chained &= recipientBefore == memory.newestOf(recipient);
    Account to = memory.account(recipient);
    memory.add(sender, recipient, id, to != null && !to.deleted() && id > to.acknowledgedId());
    count++;
    return RowHash.ofMessage(
        id,
        sender,
        recipient,
        row.getLong("sent"),
        row.getBoolean("live"),
        row.getString("text"),
        senderBefore,
        recipientBefore);
  }

  private long requests(int table) throws SQLException, DatabaseUnusableException {
    byRequest = 0;
    long sum = sum("SELECT * FROM requests_" + table + " ORDER BY message_id", this::request);
    requireIndex(
        "by_request_" + table,
        byRequest,
        "SELECT account_id, request_id FROM requests_"
            + table
            + " USE INDEX (by_request_"
            + table
            + ") ORDER BY request_id, account_id",
        row -> RowHash.ofKey(row.getLong(1), row.getString(2)));
    return sum;
  }

  private long request(ResultSet row) throws SQLException {
    long account = row.getLong("account_id");
    String id = row.getString("request_id");
    byRequest += RowHash.ofKey(account, id);
    return RowHash.ofRequest(account, id, row.getLong("message_id"));
  }

  private void requireIndex(String name, long expected, String sql, Rows entries)
      throws SQLException, DatabaseUnusableException {
    if (sum(sql, entries) != expected) {
      throw new DatabaseUnusableException(
          "the database is damaged: its index " + name + " does not have the rows of its table");
    }
  }

  private long sum(String sql, Rows rows) throws SQLException {
    long sum = 0;
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      while (row.next()) {
        sum += rows.hash(row);
      }
    }
    return sum;
  }

  private void set(String setting) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("SET " + setting);
    }
  }
}
