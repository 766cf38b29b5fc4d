package chat.server.chat;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The rules of chat. Deterministic: the outcome of a command depends on the command, its log index
 * and the tables, on nothing else. Confined to the apply thread.
 */
public final class ChatStateMachine {
  /** How long a session lives without use: 30 days. */
  public static final long SESSION_LIFETIME_MICROS = 30L * 24 * 60 * 60 * 1_000_000;

  /** How long request ids are remembered, by logged time: 24 hours, and one for wrong clocks. */
  public static final long REMEMBERED_MICROS = RequestIds.REMEMBERED_MICROS;

  /** Taken-over sessions that are told from unknown ones, for each account. */
  private static final int TAKEN_OVER_KEPT = 8;

  private final ChatTables tables;

  public ChatStateMachine(ChatTables tables) {
    this.tables = tables;
  }

  /**
   * Applies a command.
   *
   * @param index its log index; becomes the id of what it makes
   */
  public Outcome apply(long index, Command command) {
    long now = Math.max(tables.lastTimeMicros(), command.timeMicros());
    tables.setLastTimeMicros(now);
    if (command instanceof Command.InSession c) {
      return inSession(index, c, now);
    } else if (command instanceof Command.CreateAccount c) {
      return create(index, c, now);
    } else if (command instanceof Command.Login c) {
      return login(c, now);
    } else if (command instanceof Command.DetachStream c) {
      return detach(c);
    } else if (command instanceof Command.ExpireStreams c) {
      return expireStreams(c);
    }
    throw new IllegalStateException("no rule for " + command.getClass());
  }

  private Outcome inSession(long index, Command.InSession command, long now) {
    SessionRecord session = tables.session(SessionRecord.token(command.tokenHash()));
    if (session == null) {
      return new Outcome.NoSession();
    }
    Outcome before = doneBefore(session, command, now);
    Outcome answer = before == null ? refusal(session, now) : before;
    if (answer != null) {
      return answer;
    }
    if (command instanceof Command.SendMessage c) {
      return send(index, session, c, now);
    } else if (command instanceof Command.Acknowledge c) {
      return acknowledge(session, c);
    } else if (command instanceof Command.AttachStream c) {
      return attach(session, c);
    } else if (command instanceof Command.TouchSession) {
      return touch(session, now);
    } else if (command instanceof Command.Logout) {
      return logout(session);
    } else if (command instanceof Command.ChangePassword c) {
      return changePassword(session, c, now);
    } else if (command instanceof Command.DeleteAccount c) {
      return delete(session, c, now);
    }
    throw new IllegalStateException("no rule for " + command.getClass());
  }

  /** The first answer again, where an earlier request with the same id ended the session. */
  private static @Nullable Outcome doneBefore(
      SessionRecord session, Command.InSession command, long now) {
    if (command instanceof Command.DeleteAccount c
        && session.state() == SessionRecord.State.DELETED
        && session.endedBy(c.requestId(), now)) {
      // What was discarded could not be what is asked for now; where nothing was, both are the
      // same.
      return session.discarded() > 0 && !c.discardUndelivered()
          ? new Outcome.RequestIdReused()
          : new Outcome.AccountDeleted(session.accountId(), session.discarded(), true);
    }
    if (command instanceof Command.ChangePassword c
        && session.state() == SessionRecord.State.TAKEN_OVER
        && session.endedBy(c.requestId(), now)) {
      return new Outcome.PasswordChangedBefore();
    }
    return null;
  }

  /** Why a session is not good at a time, or null. */
  private static @Nullable Outcome refusal(SessionRecord session, long now) {
    return switch (session.state()) {
      case DELETED -> new Outcome.NoSession();
      case TAKEN_OVER -> new Outcome.SessionTakenOver();
      case OPEN -> session.expireTimeMicros() <= now ? new Outcome.SessionExpired() : null;
    };
  }

  private Outcome create(long index, Command.CreateAccount c, long now) {
    Account existing = tables.accountNamed(Account.key(c.username()));
    if (existing != null) {
      return madeBy(existing, c.requestId(), now)
          ? new Outcome.AccountCreatedBefore(existing.passwordHash())
          : new Outcome.UsernameTaken();
    }
    if (!c.requestId().isEmpty() && madeOneThatIsDeleted(c, now)) {
      return new Outcome.RequestIdReused();
    }
    if (RequestIds.tooOld(c.requestId(), now)) {
      return new Outcome.RequestIdTooOld();
    }
    tables.put(
        new Account(index, c.username(), c.passwordHash(), c.requestId(), now, index, false));
    return new Outcome.AccountCreated(index);
  }

  private static boolean madeBy(Account account, String requestId, long now) {
    return !requestId.isEmpty()
        && requestId.equals(account.createRequestId())
        && account.createdMicros() > now - REMEMBERED_MICROS;
  }

  /** A repeat that comes late must not bring back what was deleted since. */
  private boolean madeOneThatIsDeleted(Command.CreateAccount c, long now) {
    String key = Account.key(c.username());
    // What was made within the time remembered was deleted within it: its session is still kept.
    for (SessionRecord session : tables.deletedSessions()) {
      Account account = tables.account(session.accountId());
      if (account != null && account.key().equals(key) && madeBy(account, c.requestId(), now)) {
        return true;
      }
    }
    return false;
  }

  private Outcome delete(SessionRecord session, Command.DeleteAccount c, long now) {
    Account account = owner(session);
    Outcome idRefusal = requestIdRefusal(account.id(), c.requestId(), now);
    if (idRefusal != null) {
      return idRefusal;
    }
    int undelivered = tables.undeliveredCount(account.id());
    if (undelivered > 0 && !c.discardUndelivered()) {
      return new Outcome.UndeliveredMessages(undelivered);
    }
    tables.dropUndelivered(account.id(), Long.MAX_VALUE);
    for (SessionRecord old : tables.takenOver(account.id())) {
      tables.remove(old);
    }
    tables.put(account.asDeleted());
    tables.put(session.deleted(c.requestId(), undelivered, now));
    for (SessionRecord old : tables.deletedSessions()) {
      if (old.touchedMicros() <= now - REMEMBERED_MICROS) {
        tables.remove(old);
      }
    }
    return new Outcome.AccountDeleted(account.id(), undelivered, false);
  }

  /** An id that a message was sent with is not one to change or delete an account with. */
  private @Nullable Outcome requestIdRefusal(long accountId, String requestId, long now) {
    if (requestId.isEmpty()) {
      return null;
    }
    long since = now - REMEMBERED_MICROS;
    if (tables.remembered(accountId, requestId, since) != 0) {
      return new Outcome.RequestIdReused();
    }
    return RequestIds.tooOld(requestId, now) ? new Outcome.RequestIdTooOld() : null;
  }

  private Outcome login(Command.Login c, long now) {
    Account account = tables.account(c.accountId());
    if (account == null || account.deleted()) {
      return new Outcome.BadCredentials();
    }
    SessionRecord old = tables.openSession(account.id());
    if (old != null) {
      boolean attached = old.streamId() != 0 && old.expireTimeMicros() > now;
      if (attached && !c.takeOver()) {
        return new Outcome.AlreadyLoggedIn();
      }
      takeOver(old.takenOver());
    }
    long expire = open(account.id(), c.tokenHash(), now);
    return new Outcome.LoggedIn(
        account.id(), account.username(), expire, tables.undeliveredCount(account.id()));
  }

  private void takeOver(SessionRecord ended) {
    tables.put(ended);
    List<SessionRecord> takenOver = tables.takenOver(ended.accountId());
    for (int i = 0; i < takenOver.size() - TAKEN_OVER_KEPT; i++) {
      tables.remove(takenOver.get(i));
    }
  }

  private long open(long accountId, byte[] tokenHash, long now) {
    long expire = now + SESSION_LIFETIME_MICROS;
    tables.put(SessionRecord.opened(SessionRecord.token(tokenHash), accountId, now, expire));
    return expire;
  }

  private Outcome changePassword(SessionRecord session, Command.ChangePassword c, long now) {
    Account account = owner(session);
    Outcome idRefusal = requestIdRefusal(account.id(), c.requestId(), now);
    if (idRefusal != null) {
      return idRefusal;
    }
    if (!account.passwordHash().equals(c.oldPasswordHash())) {
      // Changed between the check of the old password and this.
      return new Outcome.BadCredentials();
    }
    tables.put(account.withPassword(c.newPasswordHash()));
    takeOver(session.passwordChanged(c.requestId(), now));
    return new Outcome.PasswordChanged(account.id(), open(account.id(), c.newTokenHash(), now));
  }

  private Outcome logout(SessionRecord session) {
    tables.remove(session);
    return new Outcome.LoggedOut(session.accountId());
  }

  private Outcome send(long index, SessionRecord session, Command.SendMessage c, long now) {
    Account sender = owner(session);
    if (!c.requestId().isEmpty()) {
      Outcome known = knownRequest(sender, c, now);
      if (known != null) {
        return known;
      }
    }
    Account recipient = tables.accountNamed(Account.key(c.recipient()));
    if (recipient == null) {
      return new Outcome.NoSuchAccount();
    }
    if (tables.undeliveredCount(recipient.id()) >= c.inboxLimit()) {
      return new Outcome.InboxFull();
    }
    StoredMessage message =
        new StoredMessage(
            index,
            sender.id(),
            sender.username(),
            recipient.id(),
            recipient.username(),
            c.text(),
            now);
    tables.add(message, c.live());
    if (!c.requestId().isEmpty()) {
      tables.remember(sender.id(), c.requestId(), index, now);
    }
    return new Outcome.MessageAccepted(message, c.live(), false);
  }

  /** The first answer again, or why there is none; null for an id that is new. */
  private @Nullable Outcome knownRequest(Account sender, Command.SendMessage c, long now) {
    long since = now - REMEMBERED_MICROS;
    long id = tables.remembered(sender.id(), c.requestId(), since);
    StoredMessage first = id == 0 ? null : tables.message(id);
    if (first != null) {
      boolean same =
          first.text().equals(c.text())
              && Account.key(first.recipient()).equals(Account.key(c.recipient()));
      return same
          ? new Outcome.MessageAccepted(first, tables.wasLive(id), true)
          : new Outcome.RequestIdReused();
    }
    return RequestIds.tooOld(c.requestId(), now) ? new Outcome.RequestIdTooOld() : null;
  }

  private Outcome acknowledge(SessionRecord session, Command.Acknowledge c) {
    Account account = owner(session);
    long upTo = Math.min(c.messageId(), tables.newestInboxId(account.id()));
    if (upTo > account.acknowledgedId()) {
      tables.put(account.acknowledging(upTo));
      tables.dropUndelivered(account.id(), upTo);
    }
    return new Outcome.Acknowledged(account.id(), Math.max(upTo, account.acknowledgedId()));
  }

  private Outcome attach(SessionRecord session, Command.AttachStream c) {
    Account account = owner(session);
    tables.put(session.withStream(c.streamId(), c.reign()));
    return new Outcome.StreamAttached(
        account.id(), account.username(), c.streamId(), account.acknowledgedId());
  }

  private Outcome detach(Command.DetachStream c) {
    SessionRecord session = tables.session(SessionRecord.token(c.tokenHash()));
    if (session == null || session.streamId() == 0 || session.streamId() != c.streamId()) {
      return new Outcome.StreamDetached(false);
    }
    tables.put(session.withStream(0, 0));
    return new Outcome.StreamDetached(true);
  }

  private Outcome expireStreams(Command.ExpireStreams c) {
    List<SessionRecord> gone = tables.attachedInOtherReigns(c.reign());
    for (SessionRecord session : gone) {
      tables.put(session.withStream(0, 0));
    }
    return new Outcome.StreamsExpired(gone.size());
  }

  private Outcome touch(SessionRecord session, long now) {
    long expire = now + SESSION_LIFETIME_MICROS;
    tables.put(session.touched(now, expire));
    return new Outcome.SessionTouched(expire);
  }

  private Account owner(SessionRecord session) {
    Account account = tables.account(session.accountId());
    if (account == null || account.deleted()) {
      throw new IllegalStateException("an open session of no account: " + session.accountId());
    }
    return account;
  }
}
