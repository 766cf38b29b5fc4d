package chat.server;

import java.io.IOException;

/**
 * The database is gone or cannot be used, and the log no longer reaches back to where it could be
 * built anew: this server needs a snapshot. Nothing was changed: what there is stays until then.
 */
final class StateLostException extends IOException {
  private static final long serialVersionUID = 1L;

  private final long firstIndex;

  /**
   * @param what is wrong with the database
   * @param firstIndex of the log
   */
  StateLostException(String what, long firstIndex) {
    super(
        what
            + ", and the log begins at entry "
            + firstIndex
            + ": the state before that must come from another server as a snapshot.");
    this.firstIndex = firstIndex;
  }

  /** What the log begins with: a snapshot of the entry before it, or a later one, suffices. */
  long firstIndex() {
    return firstIndex;
  }
}
