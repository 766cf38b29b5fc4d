package chat.server.replication;

/**
 * Something that cannot be, is: the server stops rather than go on with it. The text holds both
 * values.
 */
public final class InvariantViolation extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public InvariantViolation(String message) {
    super(message);
  }
}
