package chat.server.storage;

/**
 * The database cannot be opened, or holds something that this version did not write. It is derived
 * from the log: throw it away and build it anew.
 */
public final class DatabaseUnusableException extends Exception {
  private static final long serialVersionUID = 1L;

  public DatabaseUnusableException(String message, Throwable cause) {
    super(message, cause);
  }

  public DatabaseUnusableException(String message) {
    super(message);
  }
}
