package chat.server.transport;

import chat.server.replication.Cluster;
import java.io.IOException;
import java.nio.file.Path;

/** Where peers' snapshots come from. Thread-safe; the methods may wait. */
public interface SnapshotSource {
  /** Of a server that has none to give. */
  SnapshotSource NONE =
      new SnapshotSource() {
        @Override
        public Cluster cluster() {
          return Cluster.UNBORN;
        }

        @Override
        public Path snapshot() throws IOException {
          throw new IOException("this server gives no snapshots");
        }
      };

  /** Whose state it is. */
  Cluster cluster();

  /**
   * Writes all of the applied state to a new file, which the caller deletes.
   *
   * @throws IOException in words, if there is none to give now
   */
  Path snapshot() throws IOException;
}
