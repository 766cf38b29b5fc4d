package chat.server.chat;

/**
 * What changes the state of the chat, in the order of the log. Everything that is not deterministic
 * was decided by the primary before it was appended: times, ids, hashes, and whether a recipient
 * was there. Times are microseconds since 1970; a token hash is the SHA-256 of a session token; a
 * request id is empty if the client gave none. Arrays belong to the command: nobody changes them.
 */
public sealed interface Command {
  /** When the primary stamped it. */
  long timeMicros();

  /** What is done in a session, and is refused if that is not good. */
  sealed interface InSession extends Command {
    /** Names the session. */
    byte[] tokenHash();
  }

  /** Makes an account; the hash is an Argon2 string with its own salt. */
  record CreateAccount(long timeMicros, String username, String passwordHash, String requestId)
      implements Command {
    /** Without the hash of the password. */
    @Override
    public String toString() {
      return "CreateAccount[" + username + "]";
    }
  }

  /** Deletes the account of a session. */
  record DeleteAccount(
      long timeMicros, byte[] tokenHash, boolean discardUndelivered, String requestId)
      implements InSession {}

  /** Opens the session of an account whose password was found right. */
  record Login(long timeMicros, long accountId, byte[] tokenHash, boolean takeOver)
      implements Command {}

  /** Ends a session. */
  record Logout(long timeMicros, byte[] tokenHash) implements InSession {}

  /**
   * Changes the password of a session's account and opens a new session in its place.
   *
   * @param oldPasswordHash the stored hash that the old password was found to match: if another
   *     change came first, this one is refused
   * @param newTokenHash of the session that replaces this one
   */
  record ChangePassword(
      long timeMicros,
      byte[] tokenHash,
      String oldPasswordHash,
      String newPasswordHash,
      byte[] newTokenHash,
      String requestId)
      implements InSession {
    /** Without hashes. */
    @Override
    public String toString() {
      return "ChangePassword[" + requestId + "]";
    }
  }

  /**
   * Sends a message; its id is the index that this command has in the log.
   *
   * @param live whether the recipient had a stream open at the primary
   * @param inboxLimit how many undelivered messages the recipient may have; in the command, so that
   *     servers started with different flags still compute the same
   */
  record SendMessage(
      long timeMicros,
      byte[] tokenHash,
      String recipient,
      String text,
      String requestId,
      boolean live,
      int inboxLimit)
      implements InSession {
    /** Without the text: nobody's messages belong in a log or in an error. */
    @Override
    public String toString() {
      return "SendMessage[to " + recipient + ", " + text.length() + " characters]";
    }
  }

  /** Everything up to a message is delivered. */
  record Acknowledge(long timeMicros, byte[] tokenHash, long messageId) implements InSession {}

  /**
   * A stream was opened on a session; it replaces another one there.
   *
   * @param streamId never used before, so that a late detach of the old stream misses the new one
   * @param reign the primary's time in office, so that streams of an earlier one can be told
   */
  record AttachStream(long timeMicros, byte[] tokenHash, long streamId, long reign)
      implements InSession {}

  /** A stream ended; of no effect if another one is attached by now. */
  record DetachStream(long timeMicros, byte[] tokenHash, long streamId) implements Command {}

  /** Streams that were opened in other reigns, and have not come back, are gone. */
  record ExpireStreams(long timeMicros, long reign) implements Command {}

  /** A session was used: it lives on from here. Logged once a day, not at every use. */
  record TouchSession(long timeMicros, byte[] tokenHash) implements InSession {}
}
