package chat.server.storage;

import chat.server.chat.Account;
import chat.server.chat.ChatQueries;
import chat.server.chat.SessionRecord;
import chat.server.chat.StoredMessage;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Reads: who is who from memory, messages from H2 through a pool. Thread-safe; may block on I/O.
 */
final class H2Queries implements ChatQueries {
  // The index by its name, and ordered by all its columns: only then H2 sees that it need not read
  // and sort all there is for a page of it.
  static final String UNDELIVERED =
      "SELECT * FROM messages USE INDEX (inbox) WHERE recipient_id = ? AND id > ?"
          + " ORDER BY recipient_id, id LIMIT ?";
  private static final String FROM_ONE_TO_ONE =
      " AND id < ?3 ORDER BY sender_id DESC, recipient_id DESC, id DESC LIMIT ?4)";
  // Two ranges of one index, each in order, rather than one OR that H2 answers by a scan.
  static final String HISTORY =
      "SELECT * FROM ("
          + "(SELECT * FROM messages USE INDEX (history) WHERE sender_id = ?1 AND recipient_id = ?2"
          + FROM_ONE_TO_ONE
          + " UNION "
          + "(SELECT * FROM messages USE INDEX (history) WHERE sender_id = ?2 AND recipient_id = ?1"
          + FROM_ONE_TO_ONE
          + ") ORDER BY id DESC LIMIT ?4";

  private final DataSource connections;
  private final ChatMemory memory;

  H2Queries(DataSource connections, ChatMemory memory) {
    this.connections = connections;
    this.memory = memory;
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
    SessionRecord session = memory.session(SessionRecord.token(tokenHash));
    if (session == null || session.state() == SessionRecord.State.DELETED) {
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
    try (Connection connection = connections.getConnection();
        PreparedStatement select = connection.prepareStatement(UNDELIVERED)) {
      select.setLong(1, accountId);
      select.setLong(2, after);
      select.setInt(3, limit);
      return read(select);
    } catch (SQLException e) {
      throw new StorageFailure("reading an inbox", e);
    }
  }

  @Override
  public int undeliveredCount(long accountId) {
    return memory.undeliveredCount(accountId);
  }

  @Override
  public List<StoredMessage> history(long accountId, long peerId, long beforeMessageId, int limit) {
    try (Connection connection = connections.getConnection();
        PreparedStatement select = connection.prepareStatement(HISTORY)) {
      select.setLong(1, accountId);
      select.setLong(2, peerId);
      select.setLong(3, beforeMessageId);
      select.setInt(4, limit);
      return read(select);
    } catch (SQLException e) {
      throw new StorageFailure("reading a history", e);
    }
  }

  private List<StoredMessage> read(PreparedStatement select) throws SQLException {
    List<StoredMessage> messages = new ArrayList<>();
    try (ResultSet rows = select.executeQuery()) {
      while (rows.next()) {
        messages.add(MessageRows.read(rows, memory));
      }
    }
    return messages;
  }

  @Override
  public long lastTimeMicros() {
    return memory.lastTimeMicros();
  }
}
