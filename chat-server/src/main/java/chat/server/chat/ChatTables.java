package chat.server.chat;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The state that the rules work on. What is written is seen by the reads that follow, at once.
 * Confined to the apply thread.
 */
public interface ChatTables {
  /** The newest stamp applied. */
  long lastTimeMicros();

  void setLastTimeMicros(long micros);

  /** The account that has this name now, by {@link Account#key}. */
  @Nullable Account accountNamed(String key);

  /** An account by its id, deleted ones too. */
  @Nullable Account account(long id);

  void put(Account account);

  /** A session by its token, in whatever state. */
  @Nullable SessionRecord session(String token);

  /** The open session of an account. */
  @Nullable SessionRecord openSession(long accountId);

  /**
   * Sessions of an account that were taken over, by {@link SessionRecord#touchedMicros} and then
   * their tokens: which of them is forgotten must be the same everywhere, also where a clock that
   * went back has given several the same time.
   */
  List<SessionRecord> takenOver(long accountId);

  /** Sessions that ended with their account, in no order. */
  List<SessionRecord> deletedSessions();

  /** Sessions with a stream, of other reigns than this, in no order. */
  List<SessionRecord> attachedInOtherReigns(long reign);

  void put(SessionRecord session);

  void remove(SessionRecord session);

  /** Adds a message to the recipient's inbox and the history. */
  void add(StoredMessage message, boolean live);

  @Nullable StoredMessage message(long id);

  /** Whether a message was accepted as live. */
  boolean wasLive(long id);

  int undeliveredCount(long accountId);

  /** The newest message of an inbox, delivered or not; 0 if it never had one. */
  long newestInboxId(long accountId);

  /** Takes what is up to a message out of what is undelivered. */
  void dropUndelivered(long accountId, long upToMessageId);

  /** The message that a request id stands for, if it was remembered after a time; or 0. */
  long remembered(long accountId, String requestId, long afterMicros);

  void remember(long accountId, String requestId, long messageId, long timeMicros);
}
