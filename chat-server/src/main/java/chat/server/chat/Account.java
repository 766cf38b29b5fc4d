package chat.server.chat;

import java.util.Locale;

/**
 * An account. Immutable.
 *
 * @param id the log index of its creation: an account made again under an old name has another
 * @param createRequestId of the request that made it, or empty
 * @param createdMicros when
 * @param acknowledgedId up to where its messages are delivered
 * @param deleted its name is free again; kept so that its messages keep its name
 */
public record Account(
    long id,
    String username,
    String passwordHash,
    String createRequestId,
    long createdMicros,
    long acknowledgedId,
    boolean deleted) {

  /** What makes names equal: without regard to case. */
  public static String key(String username) {
    return username.toLowerCase(Locale.ROOT);
  }

  public String key() {
    return key(username);
  }

  Account acknowledging(long messageId) {
    return new Account(
        id, username, passwordHash, createRequestId, createdMicros, messageId, deleted);
  }

  Account withPassword(String newPasswordHash) {
    return new Account(
        id, username, newPasswordHash, createRequestId, createdMicros, acknowledgedId, deleted);
  }

  Account asDeleted() {
    return new Account(id, username, "", createRequestId, createdMicros, acknowledgedId, true);
  }
}
