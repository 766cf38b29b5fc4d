package chat.server;

import chat.server.replication.ServerId;

/**
 * What one server was started with, flags and stored configuration together. Immutable.
 *
 * @param id this server
 * @param cluster all servers, this one among them
 * @param listen where this one listens for clients; its peer and life sockets listen at its address
 *     in {@code cluster}
 * @param limits of the public API
 * @param assumeCrashed whether silence is taken for a crash ({@code --on-silence})
 */
public record ServerConfig(
    ServerId id,
    ClusterAddresses cluster,
    HostPort listen,
    ServerLimits limits,
    boolean assumeCrashed) {
  public ServerConfig {
    if (!cluster.has(id)) {
      throw new UsageException(
          "Server "
              + id
              + " is not among the cluster's servers "
              + cluster.ids()
              + ": name it in --cluster, or say how many there are with --size.");
    }
  }

  /** The same with servers elsewhere. */
  ServerConfig with(ClusterAddresses servers) {
    return new ServerConfig(id, servers, listen, limits, assumeCrashed);
  }

  /** This server's address in the cluster. */
  public MemberAddress address() {
    return cluster.of(id);
  }
}
