package chat.server.replication;

import java.util.Collections;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * Who this server is (R1). Nothing here changes while the process runs.
 *
 * @param self this server's number, one of the configured
 * @param configured the numbers of all servers of the cluster
 * @param diskId made with the data directory
 * @param clusterIdForBirth the id that the cluster gets if this server decides its birth (R8)
 */
public record Identity(
    ServerId self, SortedSet<ServerId> configured, String diskId, String clusterIdForBirth) {
  public Identity {
    configured = Collections.unmodifiableSortedSet(new TreeSet<>(configured));
    if (!configured.contains(self)) {
      throw new IllegalArgumentException("server " + self + " is not among " + configured);
    }
  }

  /** All configured servers but this one, in order. */
  public Set<ServerId> others() {
    SortedSet<ServerId> others = new TreeSet<>(configured);
    others.remove(self);
    return others;
  }

  /** The configuration in one line: servers with different ones refuse each other (R8). */
  public String configuration() {
    return configured.toString();
  }
}
