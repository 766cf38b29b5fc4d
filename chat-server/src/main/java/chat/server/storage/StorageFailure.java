package chat.server.storage;

/** The database failed in the middle of its work: the server stops, and builds it anew (R14). */
public final class StorageFailure extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public StorageFailure(String what, Throwable cause) {
    super("the database failed while " + what, cause);
  }
}
