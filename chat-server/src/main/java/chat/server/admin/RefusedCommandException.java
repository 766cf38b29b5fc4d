package chat.server.admin;

/** A command that is not carried out; the message is one sentence that says what to do instead. */
public final class RefusedCommandException extends Exception {
  private static final long serialVersionUID = 1L;

  public RefusedCommandException(String sentence) {
    super(sentence);
  }

  public RefusedCommandException(String sentence, Throwable cause) {
    super(sentence, cause);
  }
}
