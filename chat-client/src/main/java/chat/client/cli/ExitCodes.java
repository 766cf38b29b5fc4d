package chat.client.cli;

import chat.client.ChatException;
import chat.client.OutcomeUnknownException;

/** The exit codes of the command line; scripts rely on them. */
final class ExitCodes {
  static final int OK = 0;

  /** The service refused, or something on this machine failed. Nothing was changed. */
  static final int REFUSED = 1;

  /** The command line is wrong. */
  static final int USAGE = 2;

  /** Nobody is logged in, the session has ended, or the password is wrong. */
  static final int NOT_LOGGED_IN = 3;

  /** No primary, or no server at all, answered in time. */
  static final int UNAVAILABLE = 4;

  /** Nobody said whether it was done; asking again with the same request id tells. */
  static final int UNKNOWN = 5;

  /** Ctrl-C or SIGTERM; what was done till then is said. */
  static final int INTERRUPTED = 130;

  private ExitCodes() {}

  static int of(ChatException failure) {
    if (failure instanceof OutcomeUnknownException) {
      return UNKNOWN;
    }
    return switch (failure.reason()) {
      case BAD_CREDENTIALS, NO_SESSION, SESSION_EXPIRED, SESSION_TAKEN_OVER -> NOT_LOGGED_IN;
      case NO_PRIMARY, NOT_PRIMARY, VIEW_CHANGING, SHUTTING_DOWN, SLOW_RECEIVER, OUTCOME_UNKNOWN ->
          UNAVAILABLE;
      default -> REFUSED;
    };
  }
}
