package chat.server.storage;

import chat.server.chat.Account;
import chat.server.chat.SessionRecord;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * What is asked at every message, in memory: accounts, sessions, who has how many messages waiting.
 * Rebuilt from the database at start. Written by the apply thread alone; the methods that say so
 * may be called from any thread and see what is applied, perhaps a moment before the database does.
 */
final class ChatMemory {
  private final Map<Long, Account> accounts = new ConcurrentHashMap<>();
  private final ConcurrentNavigableMap<String, Account> byKey = new ConcurrentSkipListMap<>();
  // The same, found at once: every message names its recipient.
  private final Map<String, Account> named = new ConcurrentHashMap<>();
  private final Map<String, Account> lastDeleted = new ConcurrentHashMap<>();
  private final Map<String, SessionRecord> sessions = new ConcurrentHashMap<>();
  private final Map<Long, SessionRecord> openByAccount = new ConcurrentHashMap<>();
  private final Map<String, SessionRecord> attached = new ConcurrentHashMap<>();
  private final Map<Long, ArrayDeque<String>> takenOver = new ConcurrentHashMap<>();
  private final ReplacedTokens replaced = new ReplacedTokens();
  private final ArrayDeque<String> deleted = new ArrayDeque<>();
  private final Map<Long, Mailbox> mailboxes = new ConcurrentHashMap<>();
  // Each once, until it is taken.
  private final Queue<Mailbox> changed = new ConcurrentLinkedQueue<>();
  private final AtomicInteger changedCount = new AtomicInteger();
  private volatile long lastTimeMicros;

  /** From any thread. */
  long lastTimeMicros() {
    return lastTimeMicros;
  }

  void setLastTimeMicros(long micros) {
    lastTimeMicros = micros;
  }

  /** From any thread: an account by id, deleted ones too. */
  @Nullable Account account(long id) {
    return accounts.get(id);
  }

  /** From any thread: the account that has a name now. */
  @Nullable Account accountNamed(String key) {
    return named.get(key);
  }

  /** From any thread: of the deleted accounts that had a name, the last. */
  @Nullable Account lastDeletedNamed(String key) {
    return lastDeleted.get(key);
  }

  /** From any thread: accounts in the order of their keys. */
  ConcurrentNavigableMap<String, Account> byKey() {
    return byKey;
  }

  /** From any thread. */
  @Nullable SessionRecord session(String token) {
    return sessions.get(token);
  }

  /** From any thread. */
  @Nullable SessionRecord openSession(long accountId) {
    return openByAccount.get(accountId);
  }

  /** From any thread. */
  int undeliveredCount(long accountId) {
    Mailbox mailbox = mailboxes.get(accountId);
    return mailbox == null ? 0 : mailbox.undelivered();
  }

  /** From any thread: undelivered messages after an id, ascending. */
  long[] undelivered(long accountId, long after, int limit) {
    Mailbox mailbox = mailboxes.get(accountId);
    return mailbox == null ? new long[0] : mailbox.undelivered(after, limit);
  }

  /** From any thread: the newest message that an account sent or received; 0 if there is none. */
  long newestOf(long accountId) {
    Mailbox mailbox = mailboxes.get(accountId);
    return mailbox == null ? 0 : mailbox.newest();
  }

  /** From any thread: how many messages an account sent or received. */
  long messagesOf(long accountId) {
    Mailbox mailbox = mailboxes.get(accountId);
    return mailbox == null ? 0 : mailbox.messages();
  }

  Collection<Account> accounts() {
    return accounts.values();
  }

  Collection<SessionRecord> sessions() {
    return sessions.values();
  }

  void put(Account account) {
    accounts.put(account.id(), account);
    if (account.deleted()) {
      // First: whoever asks for the name meanwhile finds it here or there.
      lastDeleted.merge(
          account.key(), account, (before, now) -> before.id() > now.id() ? before : now);
      remove(account, byKey);
      remove(account, named);
    } else {
      byKey.put(account.key(), account);
      named.put(account.key(), account);
    }
  }

  private static void remove(Account account, Map<String, Account> from) {
    from.computeIfPresent(account.key(), (key, now) -> now.id() == account.id() ? null : now);
  }

  void put(SessionRecord session) {
    SessionRecord before = sessions.put(session.token(), session);
    if (session.state() != SessionRecord.State.OPEN) {
      forget(before);
    }
    switch (session.state()) {
      case OPEN -> {
        // Replaced in one step: who asks meanwhile must not find a session gone that is only used.
        openByAccount.put(session.accountId(), session);
        if (session.streamId() != 0) {
          attached.put(session.token(), session);
        } else {
          attached.remove(session.token());
        }
      }
      case TAKEN_OVER ->
          takenOver
              .computeIfAbsent(session.accountId(), id -> new ArrayDeque<>())
              .addLast(session.token());
      case DELETED -> deleted.addLast(session.token());
    }
  }

  /**
   * From any thread: whether a token, which no session has any more, was of one that was taken
   * over, as far as that is remembered.
   */
  boolean wasTakenOver(String token) {
    Account account = accounts.get(replaced.accountOf(token));
    return account != null && !account.deleted();
  }

  void remove(SessionRecord session) {
    if (session.state() == SessionRecord.State.TAKEN_OVER) {
      // First: whoever asks for it meanwhile finds it here or there.
      replaced.add(session.token(), session.accountId());
    }
    forget(sessions.remove(session.token()));
  }

  private void forget(@Nullable SessionRecord before) {
    if (before == null) {
      return;
    }
    openByAccount.computeIfPresent(
        before.accountId(), (id, open) -> open.token().equals(before.token()) ? null : open);
    attached.remove(before.token());
    ArrayDeque<String> old = takenOver.get(before.accountId());
    if (old != null && old.remove(before.token()) && old.isEmpty()) {
      takenOver.remove(before.accountId());
    }
    if (before.state() == SessionRecord.State.DELETED) {
      deleted.remove(before.token());
    }
  }

  List<SessionRecord> takenOver(long accountId) {
    List<SessionRecord> found = resolve(takenOver.getOrDefault(accountId, new ArrayDeque<>()));
    // The same order on every server, whether it has read them from its database or not.
    found.sort(
        Comparator.comparingLong(SessionRecord::touchedMicros).thenComparing(SessionRecord::token));
    return found;
  }

  List<SessionRecord> deletedSessions() {
    return resolve(deleted);
  }

  List<SessionRecord> attachedInOtherReigns(long reign) {
    List<SessionRecord> others = new ArrayList<>();
    for (SessionRecord session : attached.values()) {
      if (session.reign() != reign) {
        others.add(session);
      }
    }
    return others;
  }

  private List<SessionRecord> resolve(Collection<String> tokens) {
    List<SessionRecord> found = new ArrayList<>();
    for (String token : tokens) {
      SessionRecord session = sessions.get(token);
      if (session != null) {
        found.add(session);
      }
    }
    return found;
  }

  Mailbox mailbox(long accountId) {
    return mailboxes.computeIfAbsent(accountId, Mailbox::new);
  }

  /** A message, newer than all before; {@code waits} unless it is delivered already. */
  void add(long senderId, long recipientId, long messageId, boolean waits) {
    add(mailbox(recipientId), messageId, true, waits);
    if (senderId != recipientId) {
      add(mailbox(senderId), messageId, false, false);
    }
  }

  /**
   * A message, newer than all before but for those that a mailbox has already. The accounts must be
   * as they are after it.
   */
  void addUnlessKnown(long senderId, long recipientId, long messageId) {
    if (messageId > newestOf(recipientId)) {
      Account to = accounts.get(recipientId);
      boolean waits = to != null && !to.deleted() && messageId > to.acknowledgedId();
      add(mailbox(recipientId), messageId, true, waits);
    }
    if (messageId > newestOf(senderId)) {
      add(mailbox(senderId), messageId, false, false);
    }
  }

  private void add(Mailbox mailbox, long messageId, boolean isReceived, boolean waits) {
    if (mailbox.add(messageId, isReceived, waits)) {
      changed.add(mailbox);
      changedCount.incrementAndGet();
    }
  }

  /** From any thread: how many mailboxes have changed and were not taken since. */
  int changedMailboxes() {
    return changedCount.get();
  }

  /** From any thread: one of those, the longest waiting, as it is now. */
  Mailbox.Rows takeChangedMailbox() {
    Mailbox.Rows taken = changed.remove().take();
    changedCount.decrementAndGet();
    return taken;
  }

  /** Takes out of the mailboxes what their accounts have acknowledged. */
  void dropDelivered() {
    for (Account account : accounts.values()) {
      dropUndelivered(account.id(), account.deleted() ? Long.MAX_VALUE : account.acknowledgedId());
    }
  }

  long newestReceivedBy(long accountId) {
    Mailbox mailbox = mailboxes.get(accountId);
    return mailbox == null ? 0 : mailbox.newestReceived();
  }

  void dropUndelivered(long accountId, long upTo) {
    Mailbox mailbox = mailboxes.get(accountId);
    if (mailbox != null) {
      mailbox.dropUndelivered(upTo);
    }
  }
}
