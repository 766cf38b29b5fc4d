package chat.server.storage;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/** Where a database is, and how it is opened. Stateless. */
final class H2Database {
  private static final String NAME = "chat";

  private H2Database() {}

  /**
   * The address of the database in a directory, which is made if there is none: for one that is
   * thrown away if it breaks off.
   *
   * <p>With {@code WRITE_DELAY=0} H2 has no threads of its own and writes a chunk of its file in
   * the thread that asks for it, one after the other. It puts nothing on the disk earlier or more
   * often than with a delay. With threads, it puts a chunk together while the one before is still
   * being written: its list of chunks does not have that one then, and if pages of the list lie
   * there (they do from some fifty chunks on), the file cannot be opened until yet another chunk is
   * written. A crash came before it in one of ten (H2 2.4 and 2.5, {@code
   * FileStore.serializeToBuffer}; for {@code SHUTDOWN}, its {@code stop} knows of it).
   *
   * @throws IOException if it cannot be made, or its path cannot be said in an address
   */
  static String url(Path directory) throws IOException {
    Path path = directory.toAbsolutePath().resolve(NAME);
    if (path.toString().indexOf(';') >= 0) {
      // What follows would be read as settings.
      throw new IOException(
          "the path of a database may not have a ';' in it: " + path + " (give another --data)");
    }
    Files.createDirectories(directory);
    return "jdbc:h2:file:"
        + path
        + ";DB_CLOSE_ON_EXIT=FALSE;AUTO_COMPACT_FILL_RATE=0;MAX_COMPACT_TIME=0"
        + ";WRITE_DELAY=0;CACHE_SIZE=32768;TRACE_LEVEL_FILE=0;TRACE_LEVEL_SYSTEM_OUT=0";
  }

  /**
   * {@link #url} for a database that is used: no chunk is ever moved or written over, since that is
   * how rows were lost at a crash.
   */
  static String appendingUrl(Path directory) throws IOException {
    return url(directory) + ";REUSE_SPACE=FALSE";
  }

  /** The file that has all its content. */
  static Path file(Path directory) {
    return directory.resolve(NAME + ".mv.db");
  }

  /** The file that says what {@link #file} was at the last checkpoint. */
  static Path checkpoint(Path directory) {
    return directory.resolve(NAME + ".checkpoint");
  }

  /** Deletes the database of a directory, if any; it must not be open. */
  static void discard(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      return;
    }
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.sorted(Comparator.naturalOrder()).toList()) {
        if (file.getFileName().toString().startsWith(NAME + ".")) {
          Files.delete(file);
        }
      }
    }
  }
}
