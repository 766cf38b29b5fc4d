package chat.server;

import chat.server.replication.Cluster;
import chat.server.replication.Status;
import chat.server.storage.H2ChatState;
import chat.server.transport.SnapshotSource;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Snapshots of a running server's state, for peers and for backups. Thread-safe. */
final class ServerSnapshots implements SnapshotSource {
  private final DataDirectory directory;
  private final Recovery disk;
  private final Supplier<@Nullable Status> newest;
  private final SparingOutputStream.Room room;
  private volatile boolean beginsLineage;

  /**
   * @param newest this server's status; null before there is one
   * @param room asked while a snapshot for others is written: a full disk would end this server
   */
  ServerSnapshots(
      DataDirectory directory,
      Recovery disk,
      Supplier<@Nullable Status> newest,
      SparingOutputStream.Room room) {
    this.directory = directory;
    this.disk = disk;
    this.newest = newest;
    this.room = room;
  }

  @Override
  public Cluster cluster() {
    Status status = newest.get();
    return (status == null ? disk.hardState().view() : status.view()).cluster();
  }

  /** For peers and for backups. */
  @Override
  public Path snapshot() throws IOException {
    requireCommitted();
    Path file = directory.temporaryFile();
    write(disk.state(), cluster(), file, room);
    try {
      // One that was begun before may have become another while it was written.
      requireCommitted();
    } catch (IOException e) {
      Files.delete(file);
      throw e;
    }
    return file;
  }

  private void requireCommitted() throws IOException {
    if (beginsLineage) {
      throw new IOException("this server begins a new lineage");
    }
  }

  /**
   * From now on what is applied need not be committed: {@link #snapshot} refuses, or it would get
   * into the lineage that there is (R18).
   */
  void beginLineage() {
    beginsLineage = true;
  }

  /** All that is applied, committed or not: for a new lineage alone, which needs it. */
  Path ofAll() throws IOException {
    Path file = directory.temporaryFile();
    write(disk.state(), cluster(), file);
    return file;
  }

  /** Writes all that a database has applied into a new file; a failure leaves none. */
  static void write(H2ChatState state, Cluster cluster, Path file) throws IOException {
    write(state, cluster, file, () -> {});
  }

  private static void write(
      H2ChatState state, Cluster cluster, Path file, SparingOutputStream.Room room)
      throws IOException {
    boolean whole = false;
    try (OutputStream out =
        new BufferedOutputStream(new SparingOutputStream(Files.newOutputStream(file), room))) {
      state.writeSnapshot(cluster.id(), cluster.lineage(), out);
      whole = true;
    } finally {
      if (!whole) {
        Files.deleteIfExists(file);
      }
    }
  }
}
