package chat.server.replication;

import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What is known of the other servers, from what they say. Confined to whoever drives the replica.
 */
final class Peers {
  /** One other server. */
  static final class Peer {
    final ServerId id;
    Incarnation incarnation = Incarnation.NONE;

    /** On which that incarnation ran: starts of two disks do not compare. */
    String diskId = "";

    /** Whether it was proven dead and nothing of it has arrived since; for status only. */
    boolean crashed;

    long heardAt;
    boolean heard;
    @Nullable Report report;

    Peer(ServerId id) {
      this.id = id;
    }

    /** Whether anything of it arrived within {@code within} nanoseconds. */
    boolean heardWithin(long now, long within) {
      return heard && now - heardAt <= within;
    }
  }

  private final Map<ServerId, Peer> byId = new TreeMap<>();

  Peers(Set<ServerId> others) {
    for (ServerId id : others) {
      byId.put(id, new Peer(id));
    }
  }

  /** From now on these are the other servers of the cluster. */
  void belong(Set<ServerId> others) {
    byId.keySet().retainAll(others);
    for (ServerId id : others) {
      byId.computeIfAbsent(id, Peer::new);
    }
  }

  /** The server's disk was replaced: what was known of the old one says nothing of the new. */
  void forget(ServerId id) {
    byId.computeIfPresent(id, (known, peer) -> new Peer(known));
  }

  Collection<Peer> all() {
    return byId.values();
  }

  /** The servers of which nothing arrived within {@code within} nanoseconds. */
  SortedSet<ServerId> unheard(long now, long within) {
    SortedSet<ServerId> unheard = new TreeSet<>();
    for (Peer peer : byId.values()) {
      if (!peer.heardWithin(now, within)) {
        unheard.add(peer.id);
      }
    }
    return unheard;
  }

  /** A server of the cluster other than oneself, or null. */
  @Nullable Peer get(ServerId id) {
    return byId.get(id);
  }

  /** Something of it arrived; a newer incarnation, or another disk, starts with a clean slate. */
  void heard(Peer peer, Incarnation incarnation, String diskId, long now) {
    if (incarnation.compareTo(peer.incarnation) > 0 || !diskId.equals(peer.diskId)) {
      peer.incarnation = incarnation;
      peer.diskId = diskId;
      peer.report = null;
    }
    peer.crashed = false;
    peer.heard = true;
    peer.heardAt = now;
  }

  /** Whether a server said last that it does not hear another. */
  boolean saysUnheard(ServerId id, ServerId other) {
    Peer peer = byId.get(id);
    Report report = peer == null ? null : peer.report;
    return report != null && report.unheard().contains(other);
  }

  /** Keeps a report unless a later one of the same incarnation is known. */
  void reported(Peer peer, Report report) {
    if (peer.report == null || report.sequence() > peer.report.sequence()) {
      peer.report = report;
    }
  }
}
