package chat.server;

/**
 * The database is lost, and the log does not reach back to where it could be built anew from: this
 * server needs a snapshot before it can be anything.
 */
final class StateLostException extends Exception {
  private static final long serialVersionUID = 1L;

  private final String why;

  StateLostException(String why) {
    super(why);
    this.why = why;
  }

  String why() {
    return why;
  }
}
