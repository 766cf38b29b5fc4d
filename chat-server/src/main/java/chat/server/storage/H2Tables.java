package chat.server.storage;

import chat.server.chat.Account;
import chat.server.chat.ChatTables;
import chat.server.chat.SessionRecord;
import chat.server.chat.StoredMessage;
import chat.server.replication.LogPosition;
import chat.server.storage.UnwrittenMessages.Unwritten;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The tables of the rules on H2: reads from memory, writes collected and flushed once a batch, so
 * that a message costs one insert and its request id another. Confined to the apply thread.
 */
final class H2Tables implements ChatTables {
  private final Connection connection;
  private final ChatMemory memory;
  private final RequestMemory requests;
  private final Map<Long, Account> dirtyAccounts = new LinkedHashMap<>();
  private final Map<String, @Nullable SessionRecord> dirtySessions = new LinkedHashMap<>();
  private final UnwrittenMessages unwrittenMessages;
  private final PreparedStatement insertMessage;
  private final PreparedStatement selectMessage;
  private final PreparedStatement mergeAccount;
  private final PreparedStatement mergeSession;
  private final PreparedStatement deleteSession;
  private final PreparedStatement updateApplied;
  private final RowSums sums;
  private long bytesSinceCheckpoint;

  H2Tables(
      Connection connection,
      ChatMemory memory,
      UnwrittenMessages unwrittenMessages,
      long requestDay,
      RowSums sums)
      throws SQLException {
    this.connection = connection;
    this.unwrittenMessages = unwrittenMessages;
    this.memory = memory;
    this.sums = sums;
    this.requests = new RequestMemory(connection, requestDay, sums);
    this.insertMessage =
        connection.prepareStatement("INSERT INTO messages VALUES(?, ?, ?, ?, ?, ?)");
    this.selectMessage = connection.prepareStatement("SELECT * FROM messages WHERE id = ?");
    this.mergeAccount =
        connection.prepareStatement("MERGE INTO accounts KEY(id) VALUES(?, ?, ?, ?, ?, ?, ?)");
    this.mergeSession =
        connection.prepareStatement(
            "MERGE INTO sessions KEY(token) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)");
    this.deleteSession = connection.prepareStatement("DELETE FROM sessions WHERE token = ?");
    this.updateApplied = AppliedRow.prepare(connection);
  }

  @Override
  public long lastTimeMicros() {
    return memory.lastTimeMicros();
  }

  @Override
  public void setLastTimeMicros(long micros) {
    memory.setLastTimeMicros(micros);
  }

  @Override
  public @Nullable Account accountNamed(String key) {
    return memory.accountNamed(key);
  }

  @Override
  public @Nullable Account account(long id) {
    return memory.account(id);
  }

  @Override
  public void put(Account account) {
    Account before = dirtyAccounts.containsKey(account.id()) ? null : memory.account(account.id());
    if (before != null) {
      // Its row will be no more.
      sums.remove(RowSums.ACCOUNTS, RowHash.of(before));
    }
    memory.put(account);
    dirtyAccounts.put(account.id(), account);
  }

  @Override
  public @Nullable SessionRecord session(String token) {
    return memory.session(token);
  }

  @Override
  public @Nullable SessionRecord openSession(long accountId) {
    return memory.openSession(accountId);
  }

  @Override
  public List<SessionRecord> takenOver(long accountId) {
    return memory.takenOver(accountId);
  }

  @Override
  public List<SessionRecord> deletedSessions() {
    return memory.deletedSessions();
  }

  @Override
  public List<SessionRecord> attachedInOtherReigns(long reign) {
    return memory.attachedInOtherReigns(reign);
  }

  @Override
  public void put(SessionRecord session) {
    replaces(session.token());
    memory.put(session);
    dirtySessions.put(session.token(), session);
  }

  @Override
  public void remove(SessionRecord session) {
    replaces(session.token());
    memory.remove(session);
    dirtySessions.put(session.token(), null);
  }

  private void replaces(String token) {
    SessionRecord before = dirtySessions.containsKey(token) ? null : memory.session(token);
    if (before != null) {
      sums.remove(RowSums.SESSIONS, RowHash.of(before));
    }
  }

  @Override
  public void add(StoredMessage message, boolean live) {
    unwrittenMessages.add(message, live);
    memory.received(message.recipientId(), message.messageId(), true);
    bytesSinceCheckpoint += message.text().length() + 64L;
  }

  @Override
  public @Nullable StoredMessage message(long id) {
    Unwritten found = find(id);
    return found == null ? null : found.message();
  }

  @Override
  public boolean wasLive(long id) {
    Unwritten found = find(id);
    return found != null && found.live();
  }

  private @Nullable Unwritten find(long id) {
    Unwritten unwritten = unwrittenMessages.get(id);
    if (unwritten != null) {
      return unwritten;
    }
    try {
      selectMessage.setLong(1, id);
      try (ResultSet row = selectMessage.executeQuery()) {
        return row.next()
            ? new Unwritten(MessageRows.read(row, memory), row.getBoolean("live"))
            : null;
      }
    } catch (SQLException e) {
      throw new StorageFailure("reading message " + id, e);
    }
  }

  @Override
  public int undeliveredCount(long accountId) {
    return memory.undeliveredCount(accountId);
  }

  @Override
  public long newestInboxId(long accountId) {
    return memory.newestInboxId(accountId);
  }

  @Override
  public void dropUndelivered(long accountId, long upToMessageId) {
    memory.dropUndelivered(accountId, upToMessageId);
  }

  @Override
  public long remembered(long accountId, String requestId, long afterMicros) {
    try {
      long id = requests.find(accountId, requestId, afterMicros);
      StoredMessage message = id == 0 ? null : message(id);
      return message != null && message.sentTimeMicros() > afterMicros ? id : 0;
    } catch (SQLException e) {
      throw new StorageFailure("looking for a request id", e);
    }
  }

  @Override
  public void remember(long accountId, String requestId, long messageId, long timeMicros) {
    try {
      requests.add(accountId, requestId, messageId);
    } catch (SQLException e) {
      throw new StorageFailure("remembering a request id", e);
    }
    bytesSinceCheckpoint += 64;
  }

  long bytesSinceCheckpoint() {
    return bytesSinceCheckpoint;
  }

  void checkpointed() {
    bytesSinceCheckpoint = 0;
  }

  /**
   * Whether {@link #beginDay} must come before a command of this time, and before that a commit of
   * all commands before it.
   */
  boolean beginsDay(long timeMicros) {
    return requests.beginsDay(timeMicros);
  }

  /**
   * Forgets request ids of days gone by.
   *
   * @param before the position, which is committed
   */
  void beginDay(long timeMicros, LogPosition before) throws SQLException {
    // A table of the sum 0 that is not empty is one that a crash kept from being emptied.
    requests.clearSums(timeMicros);
    updateApplied(before, false);
    connection.commit();
    requests.beginDay(timeMicros);
  }

  /** Says that the database is being closed in order; nothing may be pending. */
  void closing(LogPosition position) throws SQLException {
    updateApplied(position, true);
    connection.commit();
  }

  private void updateApplied(LogPosition position, boolean clean) throws SQLException {
    new AppliedRow(position, memory.lastTimeMicros(), requests.day(), sums, clean)
        .write(updateApplied);
  }

  /** Writes what was collected, and the position, in one transaction. */
  void commit(LogPosition position) throws SQLException {
    writeAccounts();
    writeSessions();
    writeMessages();
    requests.write();
    updateApplied(position, false);
    connection.commit();
    // Not before: who reads meanwhile would find them nowhere.
    unwrittenMessages.clear();
  }

  private void writeMessages() throws SQLException {
    List<Unwritten> unwritten = unwrittenMessages.all();
    if (unwritten.isEmpty()) {
      return;
    }
    for (Unwritten p : unwritten) {
      StoredMessage m = p.message();
      insertMessage.setLong(1, m.messageId());
      insertMessage.setLong(2, m.senderId());
      insertMessage.setLong(3, m.recipientId());
      insertMessage.setLong(4, m.sentTimeMicros());
      insertMessage.setBoolean(5, p.live());
      insertMessage.setString(6, m.text());
      insertMessage.addBatch();
      sums.add(
          RowSums.MESSAGES,
          RowHash.ofMessage(
              m.messageId(),
              m.senderId(),
              m.recipientId(),
              m.sentTimeMicros(),
              p.live(),
              m.text()));
      sums.add(RowSums.MESSAGE_COUNT, 1);
    }
    insertMessage.executeBatch();
  }

  private void writeAccounts() throws SQLException {
    if (dirtyAccounts.isEmpty()) {
      return;
    }
    for (Account a : dirtyAccounts.values()) {
      mergeAccount.setLong(1, a.id());
      mergeAccount.setString(2, a.username());
      mergeAccount.setString(3, a.passwordHash());
      mergeAccount.setString(4, a.createRequestId());
      mergeAccount.setLong(5, a.createdMicros());
      mergeAccount.setLong(6, a.acknowledgedId());
      mergeAccount.setBoolean(7, a.deleted());
      mergeAccount.addBatch();
      sums.add(RowSums.ACCOUNTS, RowHash.of(a));
    }
    mergeAccount.executeBatch();
    dirtyAccounts.clear();
  }

  private void writeSessions() throws SQLException {
    for (Map.Entry<String, @Nullable SessionRecord> e : dirtySessions.entrySet()) {
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
        sums.add(RowSums.SESSIONS, RowHash.of(s));
      }
    }
    dirtySessions.clear();
  }
}
