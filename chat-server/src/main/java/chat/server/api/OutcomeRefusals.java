package chat.server.api;

import chat.common.ErrorReason;
import chat.server.chat.ChatQueries.SessionStatus;
import chat.server.chat.Outcome;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the state's refusals say to a client; {@link ErrorMapping} makes statuses of it. Stateless.
 */
final class OutcomeRefusals {
  /** A full inbox empties when a person reads. */
  private static final Duration INBOX_RETRY = Duration.ofSeconds(5);

  private static final Duration SLOW_RETRY = Duration.ofSeconds(1);

  private OutcomeRefusals() {}

  /**
   * The outcome, if it is of the kind hoped for.
   *
   * @throws RefusedException if the command was refused
   * @throws IllegalStateException if it is neither: a bug
   */
  static <T extends Outcome> T expect(Class<T> kind, Outcome outcome) {
    if (kind.isInstance(outcome)) {
      return kind.cast(outcome);
    }
    if (outcome instanceof Outcome.Refused refused) {
      throw refusal(refused).asException();
    }
    // The kind alone: this gets into the log, where no text of a message belongs.
    throw new IllegalStateException(
        "expected " + kind.getSimpleName() + ", not " + outcome.getClass().getSimpleName());
  }

  static Refusal refusal(Outcome.Refused outcome) {
    if (outcome instanceof Outcome.SessionRefused session) {
      return session(session);
    }
    if (outcome instanceof Outcome.UsernameTaken) {
      return Refusal.of(ErrorReason.USERNAME_TAKEN, "This user name is taken; choose another.");
    }
    if (outcome instanceof Outcome.UndeliveredMessages undelivered) {
      String count = String.valueOf(undelivered.count());
      return new Refusal(
          ErrorReason.UNDELIVERED_MESSAGES,
          count + " messages wait for this account; read them, or set discard_undelivered.",
          Map.of("undelivered_count", count),
          List.of(),
          Optional.empty());
    }
    if (outcome instanceof Outcome.BadCredentials) {
      return badCredentials();
    }
    if (outcome instanceof Outcome.AlreadyLoggedIn) {
      return Refusal.of(
          ErrorReason.ALREADY_LOGGED_IN,
          "This account is logged in elsewhere; set take_over to end that session.");
    }
    if (outcome instanceof Outcome.NoSuchAccount) {
      return noSuchAccount();
    }
    if (outcome instanceof Outcome.InboxFull) {
      return Refusal.retryable(
          ErrorReason.INBOX_FULL, "The recipient's inbox is full; try again later.", INBOX_RETRY);
    }
    if (outcome instanceof Outcome.RequestIdReused) {
      return requestIdReused();
    }
    if (outcome instanceof Outcome.RequestIdTooOld) {
      return Refusal.badField(
          ErrorReason.BAD_REQUEST_ID,
          "request_id",
          "This request_id says that it is more than 24 hours old, and is not remembered: whether it"
              + " was carried out is not known. If it is new, the clock where it was made is wrong,"
              + " or the servers' clocks once were; any other unique text will do as an id.");
    }
    throw new IllegalStateException("a refusal that nobody has worded: " + outcome);
  }

  static Refusal badCredentials() {
    return Refusal.of(
        ErrorReason.BAD_CREDENTIALS, "No account has this user name and this password.");
  }

  /** More often than one may: nothing was done, and after the wait it may be. */
  static RefusedException rateLimited(String what, long waitNanos) {
    Duration wait = Duration.ofNanos(waitNanos);
    return Refusal.retryable(
            ErrorReason.RATE_LIMITED,
            what + "; try again in " + (wait.toSeconds() + 1) + " s.",
            wait)
        .asException();
  }

  /** Told to nobody: the client has given the call up. */
  static RefusedException givenUp() {
    return Refusal.of(ErrorReason.OVERLOADED, "Nobody waits for this any more; nothing was done.")
        .asException();
  }

  static Refusal noSuchAccount() {
    return Refusal.of(ErrorReason.NO_SUCH_ACCOUNT, "There is no account of this name.");
  }

  static Refusal requestIdReused() {
    return Refusal.badField(
        ErrorReason.REQUEST_ID_REUSED,
        "request_id",
        "This request_id was used before, for something else; use a new one.");
  }

  static Refusal sessionTakenOver() {
    return Refusal.of(
        ErrorReason.SESSION_TAKEN_OVER,
        "Another login or another stream has taken this session over.");
  }

  /**
   * {@code UNAVAILABLE}, so that a client of any language opens the stream again, by its cursor.
   */
  static Refusal slowReceiver(Duration stall) {
    return Refusal.retryable(
        ErrorReason.SLOW_RECEIVER,
        "Nothing was taken from this stream for "
            + stall.toSeconds()
            + " s; open it again after the last message you have.",
        SLOW_RETRY);
  }

  static Refusal noSession() {
    return Refusal.of(ErrorReason.NO_SESSION, "There is no such session; log in.");
  }

  /** What a session that is not {@code VALID} is refused with. */
  static Refusal session(SessionStatus status) {
    return switch (status) {
      case NONE -> noSession();
      case EXPIRED -> sessionExpired();
      case TAKEN_OVER -> sessionTakenOver();
      case VALID -> throw new IllegalArgumentException("a valid session is not refused");
    };
  }

  private static Refusal session(Outcome.SessionRefused outcome) {
    if (outcome instanceof Outcome.SessionExpired) {
      return sessionExpired();
    }
    return outcome instanceof Outcome.SessionTakenOver ? sessionTakenOver() : noSession();
  }

  private static Refusal sessionExpired() {
    return Refusal.of(
        ErrorReason.SESSION_EXPIRED, "This session was not used for too long; log in again.");
  }
}
