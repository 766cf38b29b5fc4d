package chat.server.storage;

import chat.server.replication.LogPosition;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import org.h2.mvstore.MVStoreException;
import org.h2.mvstore.MVStoreTool;

/** A small copy of a database that nobody has open. */
public final class CompactCopy {
  private CompactCopy() {}

  /**
   * Makes it: without the many older states of its pages that a file has which is only appended to,
   * and compressed. Takes minutes for some gigabytes, and for that time room for another copy. When
   * it returns, the copy is whole and on the disk.
   *
   * @param directory of a database that nobody has open; it stays as it is
   * @param emptyDirectory for the copy; made if there is none. To be thrown away after a failure
   * @throws DatabaseUnusableException if the database is damaged
   */
  public static void make(Path directory, Path emptyDirectory)
      throws IOException, DatabaseUnusableException {
    if (!Files.exists(H2Database.file(directory))) {
      throw new DatabaseUnusableException("there is no database in " + directory);
    }
    Path small = H2Database.file(Files.createDirectories(emptyDirectory));
    LogPosition position;
    try (DatabaseFile whole = DatabaseFile.open(directory, Long.MAX_VALUE)) {
      position = whole.position();
      Files.copy(H2Database.file(directory), small);
    }
    try {
      MVStoreTool.compact(small.toString(), true);
      // What H2 would free of it at the first start, it frees now: from here on it only appends.
      try (Connection connection =
              DriverManager.getConnection(H2Database.appendingUrl(emptyDirectory), "", "");
          Statement statement = connection.createStatement()) {
        statement.execute("SHUTDOWN");
      }
    } catch (MVStoreException | SQLException e) {
      throw new DatabaseUnusableException("the database in " + directory + " cannot be read", e);
    }
    DatabaseFile.remember(emptyDirectory, position);
  }
}
