package chat.server;

import chat.server.replication.ServerId;
import org.jspecify.annotations.Nullable;

/**
 * What the command line said about addresses; null for what it did not say.
 *
 * @param size how many servers with default addresses
 * @param tls how connections are encrypted
 * @param assumeCrashed whether silence is to be taken for a crash; not kept: it must be said at
 *     every start, by somebody who knows that no partition can happen
 */
record StartFlags(
    ServerId id,
    @Nullable ClusterAddresses cluster,
    @Nullable Integer size,
    @Nullable HostPort listen,
    @Nullable TlsConfig tls,
    boolean insecure,
    boolean assumeCrashed) {
  StartFlags {
    if (cluster != null && size != null) {
      throw new UsageException("--cluster and --size exclude each other: leave --size out.");
    }
  }

  /** The servers that the flags name, or null if they name none. */
  @Nullable ClusterAddresses named() {
    return size != null ? ClusterAddresses.local(size, ClusterAddresses.BASE_PORT) : cluster;
  }
}
