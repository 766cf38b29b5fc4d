package chat.server.admin;

import chat.server.replication.ServerId;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What an operator may ask of a running server. The methods may wait, for seconds where they work
 * on all of the data, and may be called by several threads at once. Those that return a sentence
 * have done what it says.
 *
 * <p>All throw {@link RefusedCommandException} where nothing was done, and {@link IOException}
 * where the server's disk failed them; nothing was changed then either.
 */
public interface AdminOperations {
  /** A lineage begun, in which this server is about to serve alone. */
  record NewLineage(long lineage, String sentence) {}

  AdminStatus status();

  /**
   * Begins a new lineage with what this server's disk holds.
   *
   * @param expectedLineage the one that the operator wants to leave
   */
  NewLineage forceLineage(long expectedLineage) throws RefusedCommandException, IOException;

  String confirmCrashed(ServerId server) throws RefusedCommandException, IOException;

  /** Lets a server in with the other disk that it runs on now. */
  String replaceServer(ServerId server) throws RefusedCommandException, IOException;

  String addServer(ServerId server) throws RefusedCommandException, IOException;

  String removeServer(ServerId server) throws RefusedCommandException, IOException;

  /**
   * Has another server take over as primary.
   *
   * @param server empty for whoever is best
   */
  String handOver(Optional<ServerId> server) throws RefusedCommandException, IOException;

  /** Writes all of the state to a new file, which is the caller's to delete. */
  Path backup() throws RefusedCommandException, IOException;

  /** Where to put a file that {@link #restore} is to get; it is the caller's to delete. */
  Path newFile() throws IOException;

  /** Begins a new lineage with the state of a backup, in a cluster that is empty. */
  NewLineage restore(Path file) throws RefusedCommandException, IOException;
}
