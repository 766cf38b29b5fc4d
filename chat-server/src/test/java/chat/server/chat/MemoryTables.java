package chat.server.chat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The state of the chat in memory, for tests of what stands on it. Every method is synchronized.
 */
public final class MemoryTables implements ChatTables, ChatQueries {
  private final Map<Long, Account> accounts = new TreeMap<>();
  private final Map<String, SessionRecord> sessions = new HashMap<>();
  private final NavigableMap<Long, StoredMessage> messages = new TreeMap<>();
  private final Map<Long, Boolean> live = new HashMap<>();
  private final Map<Long, Long> delivered = new HashMap<>();
  private final Map<String, Long> requests = new HashMap<>();
  private long lastTime;

  /** Empty tables. */
  public MemoryTables() {}

  /** The same state, which from now on changes by itself. */
  public synchronized MemoryTables copy() {
    MemoryTables copy = new MemoryTables();
    copy.accounts.putAll(accounts);
    copy.sessions.putAll(sessions);
    copy.messages.putAll(messages);
    copy.live.putAll(live);
    copy.delivered.putAll(delivered);
    copy.requests.putAll(requests);
    copy.lastTime = lastTime;
    return copy;
  }

  /** Equal for equal states. */
  public synchronized int digest() {
    return Objects.hash(accounts, sessions, messages, live, delivered, requests, lastTime);
  }

  /** Every message, in order. */
  public synchronized List<StoredMessage> messages() {
    return List.copyOf(messages.values());
  }

  @Override
  public synchronized long lastTimeMicros() {
    return lastTime;
  }

  @Override
  public synchronized void setLastTimeMicros(long micros) {
    lastTime = micros;
  }

  @Override
  public synchronized @Nullable Account accountNamed(String key) {
    return accounts.values().stream()
        .filter(a -> !a.deleted() && a.key().equals(key))
        .findAny()
        .orElse(null);
  }

  @Override
  public synchronized @Nullable Account account(long id) {
    return accounts.get(id);
  }

  @Override
  public synchronized void put(Account account) {
    accounts.put(account.id(), account);
  }

  @Override
  public synchronized @Nullable SessionRecord session(String token) {
    return sessions.get(token);
  }

  @Override
  public synchronized @Nullable SessionRecord openSession(long accountId) {
    return sessions.values().stream()
        .filter(s -> s.accountId() == accountId && s.state() == SessionRecord.State.OPEN)
        .findAny()
        .orElse(null);
  }

  @Override
  public synchronized List<SessionRecord> takenOver(long accountId) {
    return sessionsThat(
        s -> s.accountId() == accountId && s.state() == SessionRecord.State.TAKEN_OVER);
  }

  @Override
  public synchronized List<SessionRecord> deletedSessions() {
    return sessionsThat(s -> s.state() == SessionRecord.State.DELETED);
  }

  @Override
  public synchronized List<SessionRecord> attachedInOtherReigns(long reign) {
    return sessionsThat(s -> s.streamId() != 0 && s.reign() != reign);
  }

  private List<SessionRecord> sessionsThat(Predicate<SessionRecord> condition) {
    return sessions.values().stream()
        .filter(condition)
        .sorted(
            Comparator.comparingLong(SessionRecord::touchedMicros)
                .thenComparing(SessionRecord::token))
        .toList();
  }

  @Override
  public synchronized void put(SessionRecord session) {
    sessions.put(session.token(), session);
  }

  @Override
  public synchronized void remove(SessionRecord session) {
    sessions.remove(session.token());
  }

  @Override
  public synchronized void add(StoredMessage message, boolean wasLive) {
    messages.put(message.messageId(), message);
    live.put(message.messageId(), wasLive);
  }

  @Override
  public synchronized @Nullable StoredMessage message(long id) {
    return messages.get(id);
  }

  @Override
  public synchronized boolean wasLive(long id) {
    return live.getOrDefault(id, false);
  }

  @Override
  public synchronized int undeliveredCount(long accountId) {
    return undelivered(accountId, 0, Integer.MAX_VALUE).size();
  }

  @Override
  public synchronized long newestInboxId(long accountId) {
    return messages.values().stream()
        .filter(m -> m.recipientId() == accountId)
        .mapToLong(StoredMessage::messageId)
        .max()
        .orElse(0);
  }

  @Override
  public synchronized void dropUndelivered(long accountId, long upToMessageId) {
    delivered.put(accountId, upToMessageId);
  }

  @Override
  public synchronized long remembered(long accountId, String requestId, long afterMicros) {
    StoredMessage known = message(requests.getOrDefault(accountId + "/" + requestId, 0L));
    return known != null && known.sentTimeMicros() > afterMicros ? known.messageId() : 0;
  }

  @Override
  public synchronized void remember(
      long accountId, String requestId, long messageId, long timeMicros) {
    requests.put(accountId + "/" + requestId, messageId);
  }

  @Override
  public synchronized Optional<Long> correspondent(String username) {
    Account now = accountNamed(Account.key(username));
    return now != null
        ? Optional.of(now.id())
        : accounts.values().stream()
            .filter(a -> a.key().equals(Account.key(username)))
            .map(Account::id)
            .max(Long::compare);
  }

  @Override
  public synchronized Optional<Credentials> credentials(String username) {
    return Optional.ofNullable(accountNamed(Account.key(username)))
        .map(a -> new Credentials(a.id(), a.username(), a.passwordHash()));
  }

  @Override
  public synchronized Session session(byte[] tokenHash, long nowMicros) {
    SessionRecord s = sessions.get(SessionRecord.token(tokenHash));
    if (s == null || s.state() == SessionRecord.State.DELETED) {
      return Session.not(SessionStatus.NONE);
    }
    if (s.state() == SessionRecord.State.TAKEN_OVER) {
      return Session.not(SessionStatus.TAKEN_OVER);
    }
    if (s.expireTimeMicros() <= nowMicros) {
      return Session.not(SessionStatus.EXPIRED);
    }
    Account account = accounts.get(s.accountId());
    if (account == null) {
      throw new IllegalStateException("a session of no account");
    }
    return new Session(
        SessionStatus.VALID,
        account.id(),
        account.username(),
        s.streamId(),
        account.acknowledgedId(),
        s.touchedMicros(),
        s.expireTimeMicros());
  }

  @Override
  public synchronized Optional<Credentials> endedBy(
      byte[] tokenHash, String requestId, long nowMicros) {
    SessionRecord s = sessions.get(SessionRecord.token(tokenHash));
    Account account =
        s != null && s.endedBy(requestId, nowMicros) ? accounts.get(s.accountId()) : null;
    return Optional.ofNullable(account)
        .map(a -> new Credentials(a.id(), a.username(), a.passwordHash()));
  }

  @Override
  public synchronized boolean isOnline(String username) {
    Account account = accountNamed(Account.key(username));
    SessionRecord session = account == null ? null : openSession(account.id());
    return session != null && session.streamId() != 0;
  }

  @Override
  public synchronized List<AccountLine> accounts(String filter, @Nullable String after, int limit) {
    List<AccountLine> lines = new ArrayList<>();
    accounts.values().stream()
        .filter(a -> !a.deleted())
        .filter(a -> after == null || a.key().compareTo(Account.key(after)) > 0)
        .filter(a -> matches(Account.key(filter), a.key()))
        .sorted(Comparator.comparing(Account::key))
        .limit(limit)
        .forEach(a -> lines.add(new AccountLine(a.username(), isOnline(a.username()))));
    return lines;
  }

  private static boolean matches(String filter, String name) {
    // How far into the name each beginning of the filter can reach.
    boolean[] reached = new boolean[name.length() + 1];
    reached[0] = true;
    for (int f = 0; f < filter.length(); f++) {
      char c = filter.charAt(f);
      boolean[] next = new boolean[name.length() + 1];
      for (int n = 0; n <= name.length(); n++) {
        boolean before = n > 0 && reached[n - 1] && (c == '?' || c == name.charAt(n - 1));
        next[n] = c == '*' ? reached[n] || (n > 0 && next[n - 1]) : before;
      }
      reached = next;
    }
    return reached[name.length()];
  }

  @Override
  public synchronized List<StoredMessage> undelivered(
      long accountId, long afterMessageId, int limit) {
    long after = Math.max(afterMessageId, delivered.getOrDefault(accountId, 0L));
    return messages.tailMap(after, false).values().stream()
        .filter(m -> m.recipientId() == accountId)
        .limit(limit)
        .toList();
  }

  @Override
  public synchronized History history(
      long accountId, long peerId, long beforeMessageId, int limit) {
    List<StoredMessage> all =
        messages.headMap(beforeMessageId, false).descendingMap().values().stream()
            .filter(
                m ->
                    (m.senderId() == accountId && m.recipientId() == peerId)
                        || (m.senderId() == peerId && m.recipientId() == accountId))
            .toList();
    return all.size() <= limit
        ? new History(all, 0)
        : new History(all.subList(0, limit), all.get(limit - 1).messageId());
  }
}
