package chat.server.replication;

import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What is fixed at a cluster's birth (R1, R8): its id, its lineage, and the disk that each
 * configured server was born with. An unborn cluster has the id "" and no disks.
 */
public record Cluster(String id, long lineage, SortedMap<ServerId, String> disks) {
  /** No cluster yet. */
  public static final Cluster UNBORN = new Cluster("", 0, Collections.emptySortedMap());

  public Cluster {
    disks = Collections.unmodifiableSortedMap(new TreeMap<>(disks));
  }

  public boolean isBorn() {
    return !id.isEmpty();
  }
}
