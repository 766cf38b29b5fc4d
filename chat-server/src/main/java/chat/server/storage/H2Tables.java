package chat.server.storage;

import chat.server.chat.Account;
import chat.server.chat.ChatTables;
import chat.server.chat.SessionRecord;
import chat.server.chat.StoredMessage;
import chat.server.replication.LogPosition;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The tables of the rules on H2: reads from memory, and what is not there from the database; writes
 * gather until they are taken for it. Confined to the owner of the state.
 */
final class H2Tables implements ChatTables {
  private final ChatMemory memory;
  private final RequestMemory requests;
  private final UnwrittenMessages unwrittenMessages;
  private final MessageTable messages;
  private Map<Long, Account> dirtyAccounts = new LinkedHashMap<>();
  private Map<String, @Nullable SessionRecord> dirtySessions = new LinkedHashMap<>();
  private long bytes;

  /**
   * @param connection for reading only, of its own: what is written meanwhile must not be waited
   *     for
   * @param requestDay the day that request ids are remembered for
   */
  H2Tables(
      Connection connection,
      ChatMemory memory,
      UnwrittenMessages unwrittenMessages,
      long requestDay)
      throws SQLException {
    this.unwrittenMessages = unwrittenMessages;
    this.memory = memory;
    this.requests = new RequestMemory(connection, requestDay, memory.lastTimeMicros());
    this.messages = new MessageTable(connection, MessageTable.names(memory));
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
    memory.put(session);
    dirtySessions.put(session.token(), session);
  }

  @Override
  public void remove(SessionRecord session) {
    memory.remove(session);
    dirtySessions.put(session.token(), null);
  }

  @Override
  public void add(StoredMessage message, boolean live) {
    long senderBefore = memory.newestOf(message.senderId());
    long recipientBefore = memory.newestOf(message.recipientId());
    unwrittenMessages.add(new MessageRow(message, live, senderBefore, recipientBefore));
    memory.add(message.senderId(), message.recipientId(), message.messageId(), true);
    bytes += message.text().length() + 64L;
  }

  @Override
  public @Nullable StoredMessage message(long id) {
    MessageRow found = find(id);
    return found == null ? null : found.message();
  }

  @Override
  public boolean wasLive(long id) {
    MessageRow found = find(id);
    return found != null && found.live();
  }

  private @Nullable MessageRow find(long id) {
    MessageRow unwritten = unwrittenMessages.get(id);
    if (unwritten != null) {
      return unwritten;
    }
    try {
      return messages.find(id);
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
    return memory.newestReceivedBy(accountId);
  }

  @Override
  public void dropUndelivered(long accountId, long upToMessageId) {
    memory.dropUndelivered(accountId, upToMessageId);
  }

  @Override
  public long remembered(long accountId, String requestId, long afterMicros) {
    try {
      long id = requests.find(accountId, requestId, afterMicros, memory.lastTimeMicros());
      StoredMessage message = id == 0 ? null : message(id);
      return message != null && message.sentTimeMicros() > afterMicros ? id : 0;
    } catch (SQLException e) {
      throw new StorageFailure("looking for a request id", e);
    }
  }

  @Override
  public void remember(long accountId, String requestId, long messageId, long timeMicros) {
    requests.add(accountId, requestId, messageId, memory.lastTimeMicros());
    bytes += 64;
  }

  /** About how much has gathered. */
  long bytesGathered() {
    return bytes;
  }

  /**
   * Whether {@link #beginDay} must come before a command of this time, and before that everything
   * must have been written.
   */
  boolean beginsDay(long timeMicros) {
    return requests.beginsDay(timeMicros);
  }

  /** The request ids of a new day; everything of the day before must be written. */
  void beginDay(long timeMicros) {
    requests.beginDay(timeMicros);
  }

  /**
   * What has gathered. No other may be taken until {@link #written} is called: till then, what was
   * taken is read from memory.
   *
   * @param position up to where the log is applied
   */
  WriteBatch take(LogPosition position) {
    WriteBatch batch =
        new WriteBatch(
            position,
            memory.lastTimeMicros(),
            requests.day(),
            dirtyAccounts.values(),
            dirtySessions,
            unwrittenMessages.take(),
            requests.take());
    dirtyAccounts = new LinkedHashMap<>();
    dirtySessions = new LinkedHashMap<>();
    bytes = 0;
    return batch;
  }

  /** The database has what was taken. */
  void written() {
    unwrittenMessages.written();
    requests.written();
  }
}
