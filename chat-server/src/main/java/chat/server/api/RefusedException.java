package chat.server.api;

/**
 * Carries a {@link Refusal} through a chain of futures. Without a stack trace: it is an answer, not
 * a fault.
 */
final class RefusedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  // Never serialized: it lives between two stages of a future.
  private final transient Refusal refusal;

  RefusedException(Refusal refusal) {
    super(refusal.text(), null, false, false);
    this.refusal = refusal;
  }

  Refusal refusal() {
    return refusal;
  }
}
