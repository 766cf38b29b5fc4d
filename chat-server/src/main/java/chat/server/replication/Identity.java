package chat.server.replication;

import java.util.Collections;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * Who this server is (R1). Nothing here changes while the process runs.
 *
 * @param self this server's number, one of the configured
 * @param configured the numbers of all servers of the cluster, as far as the flags know; once the
 *     cluster is born its views say who belongs to it
 * @param diskId made with the data directory
 * @param clusterIdForBirth the id that the cluster gets if this server decides its birth (R8)
 * @param address where the others reach this server, told to them as it stands; the core does not
 *     read it
 */
public record Identity(
    ServerId self,
    SortedSet<ServerId> configured,
    String diskId,
    String clusterIdForBirth,
    String address) {
  public Identity {
    configured = Collections.unmodifiableSortedSet(new TreeSet<>(configured));
    if (!configured.contains(self)) {
      throw new IllegalArgumentException("server " + self + " is not among " + configured);
    }
  }

  /** Of a server that tells nobody where it is. */
  public Identity(
      ServerId self, SortedSet<ServerId> configured, String diskId, String clusterIdForBirth) {
    this(self, configured, diskId, clusterIdForBirth, "");
  }
}
