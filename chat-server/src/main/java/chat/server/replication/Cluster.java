package chat.server.replication;

import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Who a cluster is (R1, R8): its id, its lineage, and its servers with the disk that each is known
 * by. It is part of every view, and only a view change changes it: servers are added, removed and
 * given new disks that way. An unborn cluster has the id "" and no servers.
 *
 * @param lineage {@link #BIRTH}, or what {@link #nextLineage} drew when an operator forced one
 */
public record Cluster(String id, long lineage, SortedMap<ServerId, String> disks) {
  /** No cluster yet. */
  public static final Cluster UNBORN = new Cluster("", 0, Collections.emptySortedMap());

  public Cluster {
    disks = Collections.unmodifiableSortedMap(new TreeMap<>(disks));
  }

  /** The lineage of a cluster in which nobody ever forced one. */
  public static final long BIRTH = 1;

  public boolean isBorn() {
    return !id.isEmpty();
  }

  /**
   * The number of a lineage that {@code forcedBy} begins after this one. Two that are begun after
   * the same one by different servers have different numbers and the same {@link #generation}.
   */
  public long nextLineage(ServerId forcedBy) {
    return (generation(lineage) + 1) << 8 | forcedBy.value();
  }

  /** How many lineages were forced one after the other up to this one. */
  public static long generation(long lineage) {
    return lineage >>> 8;
  }

  /** The same cluster with another disk for a server, which it may not have had before. */
  public Cluster with(ServerId server, String diskId) {
    SortedMap<ServerId, String> next = new TreeMap<>(disks);
    next.put(server, diskId);
    return new Cluster(id, lineage, next);
  }

  /** The same cluster without a server. */
  public Cluster without(ServerId server) {
    SortedMap<ServerId, String> next = new TreeMap<>(disks);
    next.remove(server);
    return new Cluster(id, lineage, next);
  }
}
