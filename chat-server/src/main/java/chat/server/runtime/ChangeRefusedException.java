package chat.server.runtime;

/** A change that an operator asked for was not made; the message is a sentence that says why. */
public final class ChangeRefusedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public ChangeRefusedException(String sentence) {
    super(sentence, null, false, false);
  }
}
