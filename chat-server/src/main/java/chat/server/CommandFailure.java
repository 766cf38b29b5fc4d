package chat.server;

/**
 * A command that did not do what it was asked. The message is one sentence or two for whoever gave
 * it; {@link Main} prints it without a stack trace and exits with the code.
 */
final class CommandFailure extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** A server refused it or failed at it. */
  static final int FAILED = 1;

  /** Whoever was asked did not say yes: nothing was done. */
  static final int DECLINED = 3;

  /** No server answers that could do it. */
  static final int UNREACHABLE = 4;

  private final int exitCode;

  CommandFailure(int exitCode, String sentence) {
    super(sentence);
    this.exitCode = exitCode;
  }

  CommandFailure(int exitCode, String sentence, Throwable cause) {
    super(sentence, cause);
    this.exitCode = exitCode;
  }

  int exitCode() {
    return exitCode;
  }
}
