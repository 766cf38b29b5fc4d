package chat.server.storage;

import chat.server.chat.Account;
import chat.server.chat.ChatQueries;
import chat.server.chat.SessionRecord;
import chat.server.chat.StoredMessage;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Reads of all that is applied: who is who from memory, messages from H2 through a pool and, those
 * that it does not have yet, from memory too. Thread-safe; may block on I/O.
 */
final class H2Queries implements ChatQueries {
  /** Messages looked at for one page of a history, some 20 microseconds each. */
  static final int VISITED_MAX = 5_000;

  private final DataSource connections;
  private final ChatMemory memory;
  private final UnwrittenMessages unwrittenMessages;

  H2Queries(DataSource connections, ChatMemory memory, UnwrittenMessages unwrittenMessages) {
    this.connections = connections;
    this.memory = memory;
    this.unwrittenMessages = unwrittenMessages;
  }

  @Override
  public Optional<Long> correspondent(String username) {
    String key = Account.key(username);
    Account now = memory.accountNamed(key);
    Account account = now == null ? memory.lastDeletedNamed(key) : now;
    return Optional.ofNullable(account).map(Account::id);
  }

  @Override
  public Optional<Credentials> credentials(String username) {
    Account account = memory.accountNamed(Account.key(username));
    return account == null
        ? Optional.empty()
        : Optional.of(new Credentials(account.id(), account.username(), account.passwordHash()));
  }

  @Override
  public Session session(byte[] tokenHash, long nowMicros) {
    String token = SessionRecord.token(tokenHash);
    SessionRecord session = memory.session(token);
    if (session == null) {
      return Session.not(
          memory.wasTakenOver(token) ? SessionStatus.TAKEN_OVER : SessionStatus.NONE);
    }
    if (session.state() == SessionRecord.State.DELETED) {
      return Session.not(SessionStatus.NONE);
    }
    if (session.state() == SessionRecord.State.TAKEN_OVER) {
      return Session.not(SessionStatus.TAKEN_OVER);
    }
    Account account = memory.account(session.accountId());
    if (session.expireTimeMicros() <= Math.max(nowMicros, memory.lastTimeMicros())) {
      return Session.not(SessionStatus.EXPIRED);
    }
    return account == null
        ? Session.not(SessionStatus.NONE)
        : new Session(
            SessionStatus.VALID,
            account.id(),
            account.username(),
            session.streamId(),
            account.acknowledgedId(),
            session.touchedMicros(),
            session.expireTimeMicros());
  }

  @Override
  public Optional<Credentials> endedBy(byte[] tokenHash, String requestId, long nowMicros) {
    SessionRecord session = memory.session(SessionRecord.token(tokenHash));
    Account account =
        session != null && session.endedBy(requestId, nowMicros)
            ? memory.account(session.accountId())
            : null;
    return account == null
        ? Optional.empty()
        : Optional.of(new Credentials(account.id(), account.username(), account.passwordHash()));
  }

  @Override
  public boolean isOnline(String username) {
    Account account = memory.accountNamed(Account.key(username));
    return account != null && online(account);
  }

  private boolean online(Account account) {
    SessionRecord session = memory.openSession(account.id());
    return session != null && session.streamId() != 0;
  }

  @Override
  public List<AccountLine> accounts(String filter, @Nullable String after, int limit) {
    NameFilter names = new NameFilter(Account.key(filter));
    List<AccountLine> lines = new ArrayList<>();
    String last = after == null ? "" : Account.key(after);
    // One range only: a range of a range must not begin before it.
    var from =
        last.compareTo(names.prefix()) < 0
            ? memory.byKey().tailMap(names.prefix(), true)
            : memory.byKey().tailMap(last, false);
    for (Account account : from.values()) {
      if (!account.key().startsWith(names.prefix())) {
        break;
      }
      if (names.matches(account.key())) {
        lines.add(new AccountLine(account.username(), online(account)));
        if (lines.size() == limit) {
          break;
        }
      }
    }
    return lines;
  }

  @Override
  public List<StoredMessage> undelivered(long accountId, long afterMessageId, int limit) {
    Account account = memory.account(accountId);
    if (account == null || account.deleted()) {
      return List.of();
    }
    long after = Math.max(afterMessageId, account.acknowledgedId());
    List<StoredMessage> messages = new ArrayList<>();
    try (Rows rows = new Rows()) {
      for (long id : memory.undelivered(accountId, after, limit)) {
        messages.add(rows.get(id).message());
      }
    } catch (SQLException e) {
      throw new StorageFailure("reading an inbox", e);
    }
    return messages;
  }

  @Override
  public int undeliveredCount(long accountId) {
    return memory.undeliveredCount(accountId);
  }

  /** Follows the chain of messages of that account of the two that has fewer. */
  @Override
  public History history(long accountId, long peerId, long beforeMessageId, int limit) {
    List<StoredMessage> found = new ArrayList<>();
    try (Rows rows = new Rows()) {
      boolean peerHasFewer = memory.messagesOf(peerId) < memory.messagesOf(accountId);
      long of = peerHasFewer ? peerId : accountId;
      long other = peerHasFewer ? accountId : peerId;
      MessageRow start = beforeMessageId == Long.MAX_VALUE ? null : rows.find(beforeMessageId);
      if (start != null && !start.isOf(of) && start.isOf(other)) {
        // The page before was read from the other's.
        long swapped = of;
        of = other;
        other = swapped;
      }
      long id = start != null && start.isOf(of) ? start.before(of) : memory.newestOf(of);
      long older = beforeMessageId;
      for (int visited = 0; id != 0; visited++) {
        if (visited == VISITED_MAX) {
          return new History(found, older);
        }
        MessageRow row = rows.get(id);
        if (id < beforeMessageId && isBetween(row.message(), accountId, peerId)) {
          if (found.size() == limit) {
            return new History(found, found.get(limit - 1).messageId());
          }
          found.add(row.message());
        }
        older = Math.min(older, id);
        id = row.before(of);
      }
    } catch (SQLException e) {
      throw new StorageFailure("reading a history", e);
    }
    return new History(found, 0);
  }

  private static boolean isBetween(StoredMessage m, long one, long other) {
    return (m.senderId() == one && m.recipientId() == other)
        || (m.senderId() == other && m.recipientId() == one);
  }

  /**
   * Messages by their ids: those that are not written from memory, the others from the database.
   */
  private final class Rows implements AutoCloseable {
    private @Nullable Connection connection;
    private @Nullable MessageTable table;

    @Nullable MessageRow find(long id) throws SQLException {
      MessageRow unwritten = unwrittenMessages.get(id);
      if (unwritten != null) {
        return unwritten;
      }
      MessageTable messages = table;
      if (messages == null) {
        Connection opened = connections.getConnection();
        connection = opened;
        messages = new MessageTable(opened, MessageTable.names(memory));
        table = messages;
      }
      return messages.find(id);
    }

    MessageRow get(long id) throws SQLException {
      MessageRow row = find(id);
      if (row == null) {
        throw new SQLException("message " + id + " is neither in the database nor in memory");
      }
      return row;
    }

    @Override
    public void close() throws SQLException {
      if (table != null) {
        table.close();
      }
      if (connection != null) {
        connection.close();
      }
    }
  }

  @Override
  public long lastTimeMicros() {
    return memory.lastTimeMicros();
  }
}
