package chat.server.chat;

/** What applying a command came to: an expected refusal is a value like a success. */
public sealed interface Outcome {
  /** The command was refused and changed nothing. */
  sealed interface Refused extends Outcome {}

  /** The command's session is not good. */
  sealed interface SessionRefused extends Refused {}

  /** No such session, or one that was logged out. */
  record NoSession() implements SessionRefused {}

  record SessionExpired() implements SessionRefused {}

  /** Another login, or another stream, replaced it. */
  record SessionTakenOver() implements SessionRefused {}

  /** Nothing to do: an entry of the replication itself. */
  record Nothing() implements Outcome {}

  record AccountCreated(long accountId) implements Outcome {}

  /**
   * The account was made before by the same request id: a duplicate if the password is right, which
   * only a verification against this hash can tell.
   */
  record AccountCreatedBefore(String passwordHash) implements Outcome {}

  record UsernameTaken() implements Refused {}

  record AccountDeleted(long accountId, int discarded, boolean duplicate) implements Outcome {}

  /** The account has undelivered messages, and their loss was not agreed to. */
  record UndeliveredMessages(int count) implements Refused {}

  /** A session is open. {@code username} as it was created. */
  record LoggedIn(long accountId, String username, long expireTimeMicros, int undelivered)
      implements Outcome {}

  /** The account went away between the check of its password and this. */
  record BadCredentials() implements Refused {}

  /** The account's session has a stream open, and no take-over was asked for. */
  record AlreadyLoggedIn() implements Refused {}

  /** A new password, and a new session in place of the one that asked. */
  record PasswordChanged(long accountId, long expireTimeMicros) implements Outcome {}

  /** The same request has changed the password before, and so ended this session. */
  record PasswordChangedBefore() implements Outcome {}

  record LoggedOut(long accountId) implements Outcome {}

  /** A message is accepted; also the answer to a repetition of its request id. */
  record MessageAccepted(StoredMessage message, boolean live, boolean duplicate)
      implements Outcome {}

  record NoSuchAccount() implements Refused {}

  record InboxFull() implements Refused {}

  /** The request id was used before, for something else. */
  record RequestIdReused() implements Refused {}

  /** The request id is a UUIDv7 from before what is remembered: never applied again. */
  record RequestIdTooOld() implements Refused {}

  record Acknowledged(long accountId, long upToMessageId) implements Outcome {}

  /** A stream is attached; it starts after {@code acknowledgedId}. */
  record StreamAttached(long accountId, String username, long streamId, long acknowledgedId)
      implements Outcome {}

  /** {@code detached} is false if the stream had been replaced. */
  record StreamDetached(boolean detached) implements Outcome {}

  record StreamsExpired(int count) implements Outcome {}

  record SessionTouched(long expireTimeMicros) implements Outcome {}
}
