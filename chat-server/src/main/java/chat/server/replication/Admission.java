package chat.server.replication;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Who may speak at all (R1, R8): servers of this cluster, of this lineage, of this configuration,
 * on the disks they were born with, whose incarnations never go back. Everybody else is refused,
 * and loudly. Confined to the replica thread.
 */
final class Admission {
  private final Core core;
  private final Map<ServerId, String> refusals = new HashMap<>();

  Admission(Core core) {
    this.core = core;
  }

  boolean admits(Envelope envelope) {
    Envelope.Header header = envelope.header();
    Peers.Peer peer = core.peers.get(header.from());
    if (peer == null
        || !envelope.to().equals(core.self)
        || (!envelope.toIncarnation().equals(Incarnation.NONE)
            && !envelope.toIncarnation().equals(core.incarnation))) {
      return false;
    }
    String refusal = refusal(header, peer);
    if (refusal == null) {
      refusals.remove(header.from());
      return true;
    }
    if (!refusal.equals(refusals.put(header.from(), refusal))) {
      core.out.notice("refusing server " + header.from() + ": " + refusal);
    }
    return false;
  }

  private @Nullable String refusal(Envelope.Header header, Peers.Peer peer) {
    if (!header.configuration().equals(core.identity.configuration())) {
      return "it is configured with the servers "
          + header.configuration()
          + ", this one with "
          + core.identity.configuration();
    }
    Cluster mine = core.view().cluster();
    boolean otherBorn = !header.clusterId().isEmpty();
    if (mine.isBorn() && otherBorn && !mine.id().equals(header.clusterId())) {
      return "it belongs to the cluster " + header.clusterId() + ", this one to " + mine.id();
    }
    if (mine.isBorn() && otherBorn && mine.lineage() != header.lineage()) {
      return "its data is of lineage " + header.lineage() + ", this one's of " + mine.lineage();
    }
    if (mine.isBorn() && !core.rules.isBornWith(mine, header.from(), header.diskId())) {
      return "its disk is not the one it was born with: an operator must say that it is replaced";
    }
    if (header.incarnation().compareTo(peer.incarnation) < 0) {
      return "its start "
          + header.incarnation()
          + " is older than its start "
          + peer.incarnation
          + ", seen before: its disk was rolled back, or this is a late message";
    }
    Incarnation named = core.view().incarnationOf(header.from());
    if (named != null && header.incarnation().compareTo(named) < 0) {
      return "its start " + header.incarnation() + " is older than the view's, " + named;
    }
    return null;
  }
}
