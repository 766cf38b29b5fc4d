package chat.server;

import chat.server.storage.CompactCopy;
import chat.server.storage.DatabaseUnusableException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Makes the database of a server that does not run small again. A database is appended to and never
 * written over while its server runs, which is what a crash cannot harm; what it costs is space,
 * six bytes for each of a message.
 *
 * @param bytesBefore of the database
 * @param bytesAfter of the database
 */
record Compaction(long bytesBefore, long bytesAfter) {
  /**
   * Replaces the database of a data directory by a small one; a crash at any moment leaves the one
   * or the other. The directory stays locked until this process exits.
   *
   * @param begins run when it is clear that this can be done, before the part that takes long
   * @throws UsageException if it is no server's data directory, or in use
   * @throws IOException if the database is damaged, or the disk has no room for it twice
   */
  static Compaction of(Path data, Runnable begins) throws IOException {
    Path database = data.resolve(DataDirectory.DATABASE);
    if (StoredConfig.read(data).isEmpty() || !Files.isDirectory(database)) {
      throw new UsageException(data + " is not the data directory of a server that ever ran.");
    }
    DataDirectory.requireUnused(data);
    DataSwap swap = new DataSwap(data);
    swap.finish();
    if (Recovery.isDistrusted(database)) {
      throw new IOException(
          "The database failed in use. Nothing was changed; start the server, which builds it"
              + " anew.");
    }
    begins.run();
    long before = size(database);
    try {
      CompactCopy.make(database, swap.begin().resolve(DataDirectory.DATABASE));
    } catch (DatabaseUnusableException e) {
      throw new IOException(
          e.getMessage() + ". Nothing was changed; start the server, which builds it anew.", e);
    }
    swap.decide(List.of(DataDirectory.DATABASE), Optional.empty());
    swap.finish();
    return new Compaction(before, size(database));
  }

  private static long size(Path directory) throws IOException {
    long size = 0;
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.toList()) {
        size += Files.size(file);
      }
    }
    return size;
  }
}
