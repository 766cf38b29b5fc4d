package chat.server;

import chat.server.replication.ServerId;
import org.jspecify.annotations.Nullable;

/**
 * What one server was started with, flags and stored configuration together. Immutable.
 *
 * @param id this server
 * @param cluster all servers, this one among them
 * @param listen where this one listens for clients; its peer and life sockets listen at its address
 *     in {@code cluster}
 * @param tls how connections are encrypted
 * @param limits of the public API
 * @param assumeCrashed whether silence is taken for a crash ({@code --on-silence})
 */
record ServerConfig(
    ServerId id,
    ClusterAddresses cluster,
    HostPort listen,
    TlsConfig tls,
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
    return new ServerConfig(id, servers, listen, tls, limits, assumeCrashed);
  }

  /** An address that others can reach and on which not everything is encrypted; null if none. */
  @Nullable HostPort exposed() {
    if (tls.clients() == null && !listen.isLoopback()) {
      return listen;
    }
    for (MemberAddress member : cluster.members().values()) {
      if (!member.isLoopback() && (tls.clients() == null || tls.peers() == null)) {
        return tls.clients() == null ? member.client() : member.peer();
      }
    }
    return null;
  }

  /** This server's address in the cluster. */
  public MemberAddress address() {
    return cluster.of(id);
  }
}
