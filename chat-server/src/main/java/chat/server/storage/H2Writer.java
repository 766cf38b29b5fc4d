package chat.server.storage;

import chat.server.chat.Account;
import chat.server.chat.SessionRecord;
import chat.server.chat.StoredMessage;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes what was applied into the database, a batch a transaction, with the position. One thread
 * at a time.
 */
final class H2Writer {
  private final Connection connection;
  private final MailboxTable mailboxes;
  private final PreparedStatement insertMessage;
  private final PreparedStatement mergeAccount;
  private final PreparedStatement mergeSession;
  private final PreparedStatement deleteSession;
  private final PreparedStatement updateApplied;
  private final List<PreparedStatement> insertRequests = new ArrayList<>();

  /**
   * @param mailboxes gets those of each batch
   */
  H2Writer(Connection connection, MailboxTable mailboxes) throws SQLException {
    this.connection = connection;
    this.mailboxes = mailboxes;
    this.insertMessage =
        connection.prepareStatement("INSERT INTO messages VALUES(?, ?, ?, ?, ?, ?, ?, ?)");
    this.mergeAccount =
        connection.prepareStatement("MERGE INTO accounts KEY(id) VALUES(?, ?, ?, ?, ?, ?, ?)");
    this.mergeSession =
        connection.prepareStatement(
            "MERGE INTO sessions KEY(token) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)");
    this.deleteSession = connection.prepareStatement("DELETE FROM sessions WHERE token = ?");
    this.updateApplied = AppliedRow.prepare(connection);
    for (int i = 0; i < Schema.REQUEST_TABLES; i++) {
      insertRequests.add(
          connection.prepareStatement("INSERT INTO requests_" + i + " VALUES(?, ?, ?)"));
    }
  }

  /**
   * Writes a batch and the position.
   *
   * @param changed mailboxes, taken before the batch was
   */
  void write(WriteBatch batch, List<Mailbox.Rows> changed) throws SQLException {
    writeAccounts(batch.accounts());
    writeSessions(batch.sessions());
    writeMessages(batch.messages());
    writeRequests(batch.requests(), (int) (batch.requestDay() % Schema.REQUEST_TABLES));
    mailboxes.write(changed);
    updateApplied(batch);
    connection.commit();
  }

  /**
   * Forgets request ids of days gone by. Truncating ends a transaction; no checkpoint may come
   * before this returns, so that a crash leaves all of it or nothing.
   *
   * @param before an empty batch, with the position that is committed
   * @param newest the day that begins
   */
  void beginDay(WriteBatch before, long newest) throws SQLException {
    updateApplied(before);
    connection.commit();
    long first = Math.max(before.requestDay() + 1, newest - Schema.REQUEST_TABLES + 1);
    for (long d = first; d <= newest; d++) {
      try (Statement statement = connection.createStatement()) {
        statement.execute("TRUNCATE TABLE requests_" + d % Schema.REQUEST_TABLES);
      }
    }
  }

  private void updateApplied(WriteBatch batch) throws SQLException {
    new AppliedRow(
            batch.position(), batch.lastTimeMicros(), batch.requestDay(), mailboxes.writtenIndex())
        .write(updateApplied);
  }

  private void writeMessages(Collection<MessageRow> messages) throws SQLException {
    if (messages.isEmpty()) {
      return;
    }
    for (MessageRow row : messages) {
      StoredMessage m = row.message();
      insertMessage.setLong(1, m.messageId());
      insertMessage.setLong(2, m.senderId());
      insertMessage.setLong(3, m.recipientId());
      insertMessage.setLong(4, m.sentTimeMicros());
      insertMessage.setBoolean(5, row.live());
      insertMessage.setString(6, m.text());
      insertMessage.setLong(7, row.senderBefore());
      insertMessage.setLong(8, row.recipientBefore());
      insertMessage.addBatch();
    }
    insertMessage.executeBatch();
  }

  private void writeRequests(Map<RequestMemory.Key, Long> requests, int table) throws SQLException {
    if (requests.isEmpty()) {
      return;
    }
    PreparedStatement insert = insertRequests.get(table);
    for (Map.Entry<RequestMemory.Key, Long> e : requests.entrySet()) {
      insert.setLong(1, e.getKey().accountId());
      insert.setString(2, e.getKey().requestId());
      insert.setLong(3, e.getValue());
      insert.addBatch();
    }
    insert.executeBatch();
  }

  private void writeAccounts(Collection<Account> accounts) throws SQLException {
    if (accounts.isEmpty()) {
      return;
    }
    for (Account a : accounts) {
      mergeAccount.setLong(1, a.id());
      mergeAccount.setString(2, a.username());
      mergeAccount.setString(3, a.passwordHash());
      mergeAccount.setString(4, a.createRequestId());
      mergeAccount.setLong(5, a.createdMicros());
      mergeAccount.setLong(6, a.acknowledgedId());
      mergeAccount.setBoolean(7, a.deleted());
      mergeAccount.addBatch();
    }
    mergeAccount.executeBatch();
  }

  private void writeSessions(Map<String, @Nullable SessionRecord> sessions) throws SQLException {
    for (Map.Entry<String, @Nullable SessionRecord> e : sessions.entrySet()) {
      byte[] token = e.getKey().getBytes(StandardCharsets.ISO_8859_1);
      SessionRecord s = e.getValue();
      if (s == null) {
        deleteSession.setBytes(1, token);
        deleteSession.executeUpdate();
      } else {
        mergeSession.setBytes(1, token);
        mergeSession.setLong(2, s.accountId());
        mergeSession.setByte(3, (byte) s.state().code());
        mergeSession.setLong(4, s.expireTimeMicros());
        mergeSession.setLong(5, s.touchedMicros());
        mergeSession.setLong(6, s.streamId());
        mergeSession.setLong(7, s.reign());
        mergeSession.setString(8, s.requestId());
        mergeSession.setInt(9, s.discarded());
        mergeSession.executeUpdate();
      }
    }
  }
}
