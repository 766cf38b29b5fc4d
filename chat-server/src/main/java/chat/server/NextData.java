package chat.server;

import chat.server.log.HardStateFile;
import chat.server.log.SegmentedLog;
import chat.server.replication.Cluster;
import chat.server.replication.HardState;
import chat.server.replication.LogPosition;
import chat.server.storage.DatabaseUnusableException;
import chat.server.storage.H2ChatState;
import chat.server.storage.SnapshotHeader;
import chat.server.storage.Snapshots;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Builds what a data directory is to hold next, from a snapshot, and decides the swap. What the
 * directory holds now is not touched, so a failure changes nothing. Confined to one thread.
 */
final class NextData {
  private final DataSwap swap;
  private final List<String> parts = new ArrayList<>();

  NextData(DataDirectory directory) {
    this.swap = directory.swap();
  }

  /**
   * The state of a peer of the same lineage: the database is replaced and, unless it reaches to the
   * snapshot, the log. The hard state stays: promises and views never go back (R3).
   *
   * @param keepLog whether this server's own log has the snapshot's position
   */
  void learn(Path snapshot, SnapshotHeader header, Cluster cluster, boolean keepLog)
      throws IOException {
    build(snapshot, header.position(), cluster, !keepLog, null);
    swap.decide(parts, Optional.empty());
  }

  /**
   * Another lineage: everything is replaced, and what was there is kept aside.
   *
   * @param start where its log begins and what its database claims to have applied
   * @param left the lineage that is left
   */
  void changeLineage(Path snapshot, LogPosition start, HardState state, long left)
      throws IOException {
    buildLineage(snapshot, start, state);
    decideLineage(left);
  }

  /**
   * The part of {@link #changeLineage} that takes long. Nothing is decided by it: a server may go
   * on with what it has meanwhile, and afterwards.
   */
  void buildLineage(Path snapshot, LogPosition start, HardState state) throws IOException {
    build(snapshot, start, state.view().cluster(), true, state);
  }

  /** Decides for what {@link #buildLineage} has built. */
  void decideLineage(long left) throws IOException {
    swap.decide(parts, Optional.of(swap.asideName(left)));
  }

  private void build(
      Path snapshot, LogPosition start, Cluster cluster, boolean newLog, @Nullable HardState state)
      throws IOException {
    parts.clear();
    Path next = swap.begin();
    Path database = next.resolve(DataDirectory.DATABASE);
    Snapshots.load(snapshot, Files.createDirectory(database), start);
    parts.add(DataDirectory.DATABASE);
    writeBase(database, cluster, next.resolve(DataDirectory.BASE));
    parts.add(DataDirectory.BASE);
    if (newLog) {
      SegmentedLog.create(Files.createDirectory(next.resolve(DataDirectory.LOG)), start).close();
      parts.add(DataDirectory.LOG);
    }
    if (state != null) {
      new HardStateFile(next.resolve(DataDirectory.STATE)).store(state);
      parts.add(DataDirectory.STATE);
    }
    swap.force();
  }

  /**
   * The log begins after this state, so where the database is lost nothing but this makes it anew.
   * Written from the new database, which shows that it can be read.
   */
  private static void writeBase(Path database, Cluster cluster, Path base) throws IOException {
    try {
      H2ChatState state = H2ChatState.open(database);
      try {
        ServerSnapshots.write(state, cluster, base);
      } finally {
        state.close();
      }
    } catch (DatabaseUnusableException e) {
      throw new IOException("the database made of a snapshot cannot be used", e);
    }
  }
}
