package chat.server.chat;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Reads of what is applied. Thread-safe. What a caller read before is never taken back, but the
 * state may have moved on between two calls.
 */
public interface ChatQueries {
  /** An account to check a password against. */
  record Credentials(long accountId, String username, String passwordHash) {}

  /** What a session token stands for. */
  enum SessionStatus {
    VALID,
    NONE,
    EXPIRED,
    TAKEN_OVER
  }

  /**
   * A session; all but the status is zero or empty unless that is VALID.
   *
   * @param streamId the stream attached to it, or 0
   * @param acknowledgedId up to where its account's messages are delivered
   * @param touchedMicros when its use was last logged
   */
  record Session(
      SessionStatus status,
      long accountId,
      String username,
      long streamId,
      long acknowledgedId,
      long touchedMicros,
      long expireTimeMicros) {
    /** A session that is not good. */
    public static Session not(SessionStatus status) {
      return new Session(status, 0, "", 0, 0, 0, 0);
    }
  }

  /** A line of the list of accounts. */
  record AccountLine(String username, boolean online) {}

  /** An account by its name, whatever its case. */
  Optional<Credentials> credentials(String username);

  /**
   * The id of the account that has a name, whatever its case; if none has it now, of the one that
   * had it last: what it sent stays with those who got it.
   */
  Optional<Long> correspondent(String username);

  /** The session of a token, at a time; for reads. Writes are judged when they are applied. */
  Session session(byte[] tokenHash, long nowMicros);

  /**
   * The account of a session that a request has ended, by changing the password or deleting the
   * account, if that is still remembered: the repeat of such a request comes with that session.
   */
  Optional<Credentials> endedBy(byte[] tokenHash, String requestId, long nowMicros);

  /** Whether the account has a stream attached; false if there is no such account. */
  boolean isOnline(String username);

  /**
   * Names in order without regard to case.
   *
   * @param filter '*' any run, '?' one character, everything else literal, whatever the case
   * @param after the name to start after, or null
   * @param limit the most to return, at least 1
   */
  List<AccountLine> accounts(String filter, @Nullable String after, int limit);

  /** Undelivered messages after an id, in order. */
  List<StoredMessage> undelivered(long accountId, long afterMessageId, int limit);

  int undeliveredCount(long accountId);

  /**
   * A page of what two accounts wrote each other.
   *
   * @param messages newest first
   * @param before where the next page begins; 0 if there are no older ones
   */
  record History(List<StoredMessage> messages, long before) {}

  /**
   * Messages between two accounts, newest first. A page may have fewer than asked for, even none,
   * and others follow all the same.
   *
   * @param beforeMessageId older than this: what the page before said, or {@code Long.MAX_VALUE} to
   *     start
   * @param limit the most to return, at least 1
   */
  History history(long accountId, long peerId, long beforeMessageId, int limit);

  /** The newest stamp applied: no later one goes below it. */
  long lastTimeMicros();
}
