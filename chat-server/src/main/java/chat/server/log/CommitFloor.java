package chat.server.log;

import chat.server.files.CheckedFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/**
 * A commit index in a file of its own: everything up to it was committed, whatever marks are cut or
 * trimmed away with the entries beside them. It vouches for what is before the first segment.
 * Thread-safe.
 */
final class CommitFloor {
  private static final long MAGIC = 0x43484154464c4f52L; // "CHATFLOR"

  private final CheckedFile file;
  private long index;

  /** Reads it; 0 if there never was one. */
  CommitFloor(Path directory) throws IOException {
    this.file =
        new CheckedFile(
            directory.resolve("commit-floor"),
            MAGIC,
            1,
            "Keep a copy of this server's data directory, then start the server with an empty one,"
                + " so that it learns everything from its peers.");
    this.index = file.read().map(ByteBuffer::getLong).orElse(0L);
  }

  synchronized long index() {
    return index;
  }

  /** Stores a greater index, durably; a lower one changes nothing. */
  synchronized void raise(long committed) throws IOException {
    if (committed > index) {
      file.write(ByteBuffer.allocate(8).putLong(committed).array());
      index = committed;
    }
  }
}
