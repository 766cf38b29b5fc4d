package chat.server.log;

import java.io.IOException;
import java.nio.file.Path;

/**
 * The log on disk is damaged where a crash cannot have damaged it. It is refused whole: cutting it
 * could lose entries that were acknowledged. The message says what, where, and what to do.
 */
public final class DamagedLogException extends IOException {
  private static final long serialVersionUID = 1L;

  DamagedLogException(Path file, long offset, String what) {
    super(
        what
            + " at byte "
            + offset
            + " of "
            + file
            + ". Nothing was changed. Keep a copy of this server's data directory, then start the"
            + " server with an empty one, so that it learns everything from its peers.");
  }
}
