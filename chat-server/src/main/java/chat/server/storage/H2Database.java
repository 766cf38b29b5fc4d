package chat.server.storage;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** Where a database is, how it is opened, and how it is written to the disk. Stateless. */
final class H2Database {
  private static final String NAME = "chat";

  private H2Database() {}

  /**
   * The address of the database in a directory, which is made if there is none: for one that is
   * thrown away if it breaks off.
   *
   * <p>{@code WRITE_DELAY}: H2 writes a chunk of its file when enough has gathered or when it is
   * told to. Without a delay it would write one for every transaction, 16 KiB for a message.
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
        + ";WRITE_DELAY=2000000000;CACHE_SIZE=32768;TRACE_LEVEL_FILE=0;TRACE_LEVEL_SYSTEM_OUT=0";
  }

  /**
   * {@link #url} for a database that is used: no chunk is ever moved or written over, since that is
   * how rows were lost at a crash.
   */
  static String appendingUrl(Path directory) throws IOException {
    return url(directory) + ";REUSE_SPACE=FALSE";
  }

  /**
   * Writes all that is committed to the file, forces it to the disk, and returns when nothing more
   * is written to it.
   *
   * <p>{@code CHECKPOINT SYNC} alone does not make a file that H2 can open. H2 puts chunks together
   * in one thread and writes them in another; a chunk lists those before it that are written by
   * then. Where one was still being written it is missing from the list, and if pages of the list
   * lie in it (they do from some fifty chunks on), the file cannot be opened until yet another
   * chunk is written: a {@code StackOverflowError}, after one in ten crashes (H2 2.4 and 2.5,
   * {@code FileStore.serializeToBuffer}; for its {@code SHUTDOWN}, {@code stop} knows of it). So
   * there is one chunk to wait for, which has all before it written when it is, and one that lists
   * it.
   *
   * @param connection whose user is the only one who writes
   */
  static void forceToDisk(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      for (String command : List.of("CHECKPOINT", "CHECKPOINT SYNC")) {
        // Where nothing has changed, H2 writes no chunk and waits for none.
        statement.executeUpdate(AppliedRow.TOUCH);
        connection.commit();
        statement.execute(command);
        connection.commit();
      }
    }
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
