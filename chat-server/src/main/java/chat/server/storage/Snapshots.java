package chat.server.storage;

import chat.server.replication.LogPosition;
import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.stream.Stream;

/** Files that {@link H2ChatState#writeSnapshot} has written. Stateless. */
public final class Snapshots {
  private Snapshots() {}

  /**
   * What a snapshot says of itself; only that much of it is checked.
   *
   * @throws UnknownSnapshotException if another version of this program wrote it
   * @throws DamagedSnapshotException if its header is damaged
   */
  public static SnapshotHeader readHeader(Path snapshot) throws IOException {
    try (SnapshotInput in = SnapshotInput.open(snapshot)) {
      return in.header();
    }
  }

  /**
   * Reads all of a snapshot and checks it: nothing is missing, nothing is changed.
   *
   * @return its header
   * @throws UnknownSnapshotException if another version of this program wrote it
   * @throws DamagedSnapshotException if it is damaged
   */
  public static SnapshotHeader verify(Path snapshot) throws IOException {
    try (SnapshotInput in = SnapshotInput.open(snapshot)) {
      boolean more = true;
      while (more) {
        more = in.next(block -> {});
      }
      return in.header();
    }
  }

  /**
   * Makes a database of a snapshot, having verified it. When it returns, the database is whole, on
   * the disk and closed. After a failure or a crash the directory is to be thrown away.
   *
   * @param emptyDirectory for the database; made if there is none
   * @param as the position that it is to claim: the snapshot's own, but for a forced lineage, whose
   *     log goes on elsewhere
   * @return the snapshot's header
   * @throws UnknownSnapshotException if another version of this program wrote it
   * @throws DamagedSnapshotException if it is damaged
   * @throws DirectoryNotEmptyException if there is something in the directory
   * @throws StorageFailure if the database fails
   */
  public static SnapshotHeader load(Path snapshot, Path emptyDirectory, LogPosition as)
      throws IOException {
    SnapshotHeader header = verify(snapshot);
    // As it is used later: what is written over now would be missing from what is remembered.
    String url = H2Database.appendingUrl(emptyDirectory);
    try (Stream<Path> files = Files.list(emptyDirectory)) {
      if (files.findAny().isPresent()) {
        throw new DirectoryNotEmptyException(emptyDirectory.toString());
      }
    }
    try (Connection connection = DriverManager.getConnection(url, "", "")) {
      connection.setAutoCommit(false);
      Schema.make(connection);
      fill(connection, snapshot, header.lastTimeMicros());
      Schema.index(connection);
      // Last of all: without it, the database has applied nothing.
      claim(connection, header, as);
      try (Statement statement = connection.createStatement()) {
        statement.execute("SHUTDOWN");
      }
    } catch (SQLException e) {
      throw new StorageFailure("making it of a snapshot", e);
    }
    DatabaseFile.remember(emptyDirectory, as);
    return header;
  }

  private static void fill(Connection connection, Path snapshot, long lastTimeMicros)
      throws SQLException, IOException {
    SnapshotImport to = new SnapshotImport(connection, lastTimeMicros);
    try (SnapshotInput in = SnapshotInput.open(snapshot)) {
      while (in.next(to::read)) {
        connection.commit();
      }
    }
  }

  private static void claim(Connection connection, SnapshotHeader header, LogPosition as)
      throws SQLException {
    try (PreparedStatement update = AppliedRow.prepare(connection)) {
      // No mailbox is written: whoever opens it first reads them out of the messages.
      new AppliedRow(as, header.lastTimeMicros(), header.requestDay(), 0).write(update);
    }
    connection.commit();
  }
}
