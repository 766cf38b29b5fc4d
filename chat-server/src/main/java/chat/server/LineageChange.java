package chat.server;

import chat.server.replication.Cluster;
import chat.server.replication.Epoch;
import chat.server.replication.HardState;
import chat.server.replication.Incarnation;
import chat.server.replication.LogPosition;
import chat.server.replication.ServerId;
import chat.server.replication.View;
import java.util.Set;
import java.util.TreeMap;

/**
 * What a new lineage begins with (R1): the same cluster and disks, a view of one server alone, and
 * a place in the log that no entry of the lineage before can have.
 */
final class LineageChange {
  /** Entries that this server never saw may have been accepted: their ids are not used again. */
  static final long INDEX_GAP = 1L << 40;

  private LineageChange() {}

  /**
   * The hard state of a server that goes on alone.
   *
   * @param old what it holds
   * @param seen the ballot of the newest view it knows of
   * @param end of its log
   */
  static HardState alone(HardState old, Epoch seen, LogPosition end, ServerId self) {
    long counter =
        Math.max(
                Math.max(old.highestCounter(), old.view().ballot().counter()),
                Math.max(seen.counter(), end.epoch().counter()))
            + 1;
    Cluster was = old.view().cluster();
    Cluster cluster = new Cluster(was.id(), was.nextLineage(self), was.disks());
    TreeMap<ServerId, Incarnation> members = new TreeMap<>();
    members.put(self, old.incarnation());
    View view = new View(Epoch.of(counter, self), members, self, cluster);
    return new HardState(old.incarnation(), view, Epoch.ZERO, Epoch.ZERO, null, counter);
  }

  /**
   * Where its log begins.
   *
   * @param index the last one that is in its state or in its old log
   */
  static LogPosition start(long index, HardState alone, long hash) {
    return new LogPosition(index + INDEX_GAP, alone.view().ballot(), hash);
  }

  /**
   * The hard state of a server that learns a lineage that another has begun: a member of nothing,
   * which counts for nothing until a view admits it (R8), and speaks of that lineage alone.
   */
  static HardState learner(HardState old, Cluster cluster, Set<ServerId> configured) {
    View none = View.unborn(configured);
    View view = new View(none.ballot(), none.members(), none.primary(), cluster);
    return new HardState(
        old.incarnation(), view, Epoch.ZERO, Epoch.ZERO, null, old.highestCounter());
  }
}
