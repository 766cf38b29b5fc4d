package chat.server.files;

import java.io.IOException;

/** A file is not as it was written. */
public final class DamagedFileException extends IOException {
  private static final long serialVersionUID = 1L;

  DamagedFileException(String message) {
    super(message);
  }
}
