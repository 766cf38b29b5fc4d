package chat.server.replication;

import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Who may speak at all (R1, R8): servers of this cluster, of this lineage, on the disks they are
 * known by, whose incarnations never go back. Everybody else is refused, loudly, and remembered, so
 * that an operator can say what is to become of it. Confined to whoever drives the replica.
 */
final class Admission {
  /** A server that knocks and is not, or not with that disk, of the cluster. */
  record Stranger(String diskId, String address, long heardAt) {}

  private static final int STRANGERS_MAX = 16;

  private final Core core;
  private final SortedMap<ServerId, String> refusals = new TreeMap<>();
  private final Map<ServerId, Stranger> strangers = new HashMap<>();
  private @Nullable Cluster later;
  private long laterAt;

  Admission(Core core) {
    this.core = core;
  }

  /** Why which servers are refused, as of their last message. */
  SortedMap<ServerId, String> refusals() {
    return Collections.unmodifiableSortedMap(new TreeMap<>(refusals));
  }

  /**
   * The last stranger that called itself by this number, if it was heard lately, or null: one that
   * has been silent since may have got yet another disk.
   */
  @Nullable Stranger stranger(ServerId id) {
    Stranger stranger = strangers.get(id);
    boolean lately =
        stranger != null && core.now - stranger.heardAt() <= core.settings.leaseTimeout();
    return lately ? stranger : null;
  }

  /** The cluster in a later lineage that an operator forced, if a server of it was heard lately. */
  @Nullable Cluster laterLineage() {
    return core.now - laterAt <= core.settings.leaseTimeout() ? later : null;
  }

  boolean admits(Envelope envelope) {
    Envelope.Header header = envelope.header();
    if (!envelope.to().equals(core.self)
        || header.from().equals(core.self)
        || (!envelope.toIncarnation().equals(Incarnation.NONE)
            && !envelope.toIncarnation().equals(core.incarnation))) {
      return false;
    }
    String refusal = refusal(header);
    if (refusal == null) {
      refusals.remove(header.from());
      strangers.remove(header.from());
      return true;
    }
    if (envelope.message() instanceof Message.Heartbeat heartbeat) {
      knocks(header, heartbeat.report().address());
    }
    boolean room = refusals.size() < STRANGERS_MAX || refusals.containsKey(header.from());
    if (room && !refusal.equals(refusals.put(header.from(), refusal))) {
      core.out.notice("refusing server " + header.from() + ": " + refusal);
    }
    return false;
  }

  /** Remembers a server that could belong here if an operator said so. */
  private void knocks(Envelope.Header header, String address) {
    Cluster mine = core.cluster();
    boolean ofMine = header.clusterId().isEmpty() || header.clusterId().equals(mine.id());
    boolean room = strangers.size() < STRANGERS_MAX || strangers.containsKey(header.from());
    if (mine.isBorn()
        && ofMine
        && room
        && !core.rules.isKnownDisk(mine, header.from(), header.diskId())) {
      strangers.put(header.from(), new Stranger(header.diskId(), address, core.now));
    }
  }

  private @Nullable String refusal(Envelope.Header header) {
    Cluster mine = core.cluster();
    boolean otherBorn = !header.clusterId().isEmpty();
    if (!mine.isBorn() && !otherBorn && !header.configuration().equals(core.configuration())) {
      return "it is configured with the servers "
          + header.configuration()
          + ", this one with "
          + core.configuration();
    }
    if (mine.isBorn() && otherBorn && !mine.id().equals(header.clusterId())) {
      return "it belongs to the cluster " + header.clusterId() + ", this one to " + mine.id();
    }
    if (mine.isBorn() && otherBorn && mine.lineage() != header.lineage()) {
      return otherLineage(mine, header);
    }
    if (mine.isBorn() && !core.rules.isKnownDisk(mine, header.from(), header.diskId())) {
      return mine.disks().containsKey(header.from())
          ? "its disk is not the one it is known by: an operator must say that it is replaced"
          : "it is none of the cluster's servers: an operator must add it";
    }
    Peers.Peer peer = core.peers.get(header.from());
    if (peer == null) {
      return "it is none of the servers that this one was started with";
    }
    // Before a server knows the cluster it hears whoever calls itself by a number, on any disk.
    if (header.diskId().equals(peer.diskId)
        && header.incarnation().compareTo(peer.incarnation) < 0) {
      return "its start "
          + header.incarnation()
          + " is older than its start "
          + peer.incarnation
          + ", seen before: its disk was rolled back, or this is a late message";
    }
    Incarnation named = core.view().incarnationOf(header.from());
    boolean sameDisk =
        core.rules.isKnownDisk(core.view().cluster(), header.from(), header.diskId());
    if (named != null && sameDisk && header.incarnation().compareTo(named) < 0) {
      return "its start " + header.incarnation() + " is older than the view's, " + named;
    }
    return null;
  }

  private String otherLineage(Cluster mine, Envelope.Header header) {
    if (Cluster.generation(header.lineage()) > Cluster.generation(mine.lineage())
        && core.rules.isKnownDisk(mine, header.from(), header.diskId())) {
      later = new Cluster(mine.id(), header.lineage(), mine.disks());
      laterAt = core.now;
    }
    return "its data is of lineage " + header.lineage() + ", this one's of " + mine.lineage();
  }
}
