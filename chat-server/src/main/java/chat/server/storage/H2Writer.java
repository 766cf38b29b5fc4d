package chat.server.storage;

import chat.server.chat.Account;
import chat.server.chat.SessionRecord;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Writes what was applied into the database, a batch a transaction, with the position. One thread
 * at a time.
 */
final class H2Writer {
  private final Connection connection;
  private final MailboxTable mailboxes;
  private final MessageTable messages;
  private final PreparedStatement mergeAccount;
  private final PreparedStatement mergeSession;
  private final PreparedStatement deleteSession;
  private final PreparedStatement updateApplied;
  private final List<RequestTable> requests = new ArrayList<>();

  /**
   * @param mailboxes gets those of each batch
   * @param names of accounts, by their ids
   */
  H2Writer(Connection connection, MailboxTable mailboxes, LongFunction<String> names)
      throws SQLException {
    this.connection = connection;
    this.mailboxes = mailboxes;
    this.messages = new MessageTable(connection, names);
    this.mergeAccount =
        connection.prepareStatement("MERGE INTO accounts KEY(id) VALUES(?, ?, ?, ?, ?, ?, ?)");
    this.mergeSession =
        connection.prepareStatement(
            "MERGE INTO sessions KEY(token) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)");
    this.deleteSession = connection.prepareStatement("DELETE FROM sessions WHERE token = ?");
    this.updateApplied = AppliedRow.prepare(connection);
    for (int i = 0; i < Schema.REQUEST_TABLES; i++) {
      requests.add(new RequestTable(connection, i));
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
    messages.write(batch.messages());
    requestsOf(batch.requestDay()).write(batch.requests(), batch.lastTimeMicros());
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
      requestsOf(d).clear();
    }
  }

  private RequestTable requestsOf(long day) {
    return requests.get((int) (day % Schema.REQUEST_TABLES));
  }

  private void updateApplied(WriteBatch batch) throws SQLException {
    new AppliedRow(
            batch.position(), batch.lastTimeMicros(), batch.requestDay(), mailboxes.writtenIndex())
        .write(updateApplied);
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
