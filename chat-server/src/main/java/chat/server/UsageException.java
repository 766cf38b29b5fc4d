package chat.server;

/**
 * Somebody started a server in a way that cannot work. The message is one sentence or two that say
 * what to do; {@link Main} prints it without a stack trace and exits with code 2.
 */
public final class UsageException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public UsageException(String message) {
    super(message);
  }

  public UsageException(String message, Throwable cause) {
    super(message, cause);
  }
}
