package chat.server.storage;

import java.io.IOException;

/** A snapshot was written by another version of this program. It is refused, not damaged. */
public final class UnknownSnapshotException extends IOException {
  private static final long serialVersionUID = 1L;

  UnknownSnapshotException(int version, int known) {
    super(
        "The snapshot has format version "
            + version
            + ", this program knows version "
            + known
            + " only. Use the version of the program that wrote it.");
  }
}
