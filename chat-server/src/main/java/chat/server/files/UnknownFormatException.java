package chat.server.files;

import java.io.IOException;
import java.nio.file.Path;

/** A file was written by a newer version of this program. It is refused, not damaged. */
public final class UnknownFormatException extends IOException {
  private static final long serialVersionUID = 1L;

  public UnknownFormatException(Path file, int version, int newestKnown) {
    super(
        file
            + " has format version "
            + version
            + ", this program knows up to "
            + newestKnown
            + ". Start the version of the program that wrote it, or a newer one.");
  }
}
