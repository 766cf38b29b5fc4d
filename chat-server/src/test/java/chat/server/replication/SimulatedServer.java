package chat.server.replication;

import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** One server of the simulation: a disk that stays, and a process that comes and goes. */
final class SimulatedServer {
  /** A point at which a process may die in the middle of its work. */
  enum CrashPoint {
    SENT_FIRST,
    LOG_WRITTEN,
    LOG_FORCED,
    STATE_STORED,
    SENT
  }

  final ServerId id;
  SimulatedDisk disk;
  @Nullable Replica replica;
  @Nullable Status status;
  long commitIndex;
  boolean paused;

  /** What came of the changes asked of it: "" if made, else why not. */
  final java.util.Map<Long, String> changes = new java.util.HashMap<>();

  Ready.@Nullable Ending ending;
  Settings settings = Settings.DEFAULT;

  /** What its flags say; null for all servers of the simulation. */
  java.util.@Nullable Set<ServerId> configured;
  private final SimulatedCluster cluster;
  private final long clockOffset;
  private final double clockRate;
  private boolean acting;

  SimulatedServer(SimulatedCluster cluster, ServerId id, View unborn, Random random, double drift) {
    this.cluster = cluster;
    this.id = id;
    this.disk = new SimulatedDisk("disk-" + id, unborn);
    this.clockOffset = random.nextInt(1_000_000_000);
    this.clockRate = 1 + drift * (random.nextDouble() * 2 - 1);
  }

  boolean alive() {
    return replica != null;
  }

  Incarnation incarnation() {
    return disk.hard.incarnation();
  }

  long clock() {
    return clockOffset + (long) (cluster.now() * clockRate);
  }

  void start(ViewRules rules) {
    disk.hard = disk.hard.withIncarnation(new Incarnation(disk.hard.incarnation().value() + 1));
    Replica.RestoredLog restored = disk.restore();
    commitIndex = restored.committed().index();
    Identity identity = new Identity(
            id,
            new TreeSet<>(configured == null ? cluster.ids() : configured),
            disk.id,
            "cluster-of-" + id);
    replica =
        new Replica(
            identity,
            settings,
            rules,
            disk.hard,
            restored,
            new SplittableRandom(cluster.random().nextLong()),
            clock());
    acting = false;
    ending = null;
    paused = false;
    status = null;
  }

  void kill() {
    replica = null;
    status = null;
    disk.crash(cluster.random());
  }

  /** Does all the work that is ready, perhaps dying at one of the points in between. */
  void work() {
    for (int rounds = 0; replica != null && rounds < 1000; rounds++) {
      Ready ready = replica.ready();
      if (!perform(ready)) {
        return;
      }
      if (replica != null && !replica.hasWork()) {
        return;
      }
    }
  }

  private boolean perform(Ready ready) {
    ready.sendFirst().forEach(cluster::send);
    if (diesAt(CrashPoint.SENT_FIRST)) {
      return false;
    }
    long commitBefore = commitIndex;
    if (ready.writes()) {
      disk.write(ready.truncateAfter(), ready.append(), ready.commitIndex());
      if (diesAt(CrashPoint.LOG_WRITTEN)) {
        return false;
      }
      disk.force();
      if (diesAt(CrashPoint.LOG_FORCED)) {
        return false;
      }
      HardState hard = ready.hardState();
      if (hard != null) {
        cluster.checker().stores(id, disk.hard, hard);
        disk.hard = hard;
      }
    }
    if (diesAt(CrashPoint.STATE_STORED) || replica == null) {
      return false;
    }
    replica.persisted();
    commitIndex = ready.commitIndex();
    cluster.checker().commits(id, commitBefore, commitIndex, disk);
    observe(ready);
    for (Envelope e : ready.send()) {
      cluster.checker().sends(e.message());
      cluster.send(e);
      if (diesAt(CrashPoint.SENT)) {
        return false;
      }
    }
    for (Ready.Fetch fetch : ready.fetches()) {
      List<Entry> entries = disk.read(fetch.after(), fetch.upToIndex(), 3);
      cluster.send(fetch.answer(entries, 1));
    }
    ready.probes().forEach(probe -> cluster.probe(this, probe));
    return true;
  }

  private void observe(Ready ready) {
    ready.notices().forEach(text -> cluster.trace("server " + id + ": " + text));
    ready.reads().forEach(read -> cluster.checker().readServed(id, read));
    ready
        .changes()
        .forEach(c -> changes.put(c.id(), c.failure() == null ? "" : c.failure()));
    if (ready.ending() != null && ending == null) {
      ending = ready.ending();
      cluster.trace("server " + id + " ends its run: " + ending);
    }
    Status news = ready.status();
    if (news != null) {
      status = news;
    }
    View view = disk.hard.view();
    boolean acts = replica != null && replica.isActing();
    if (acts) {
      if (!acting) {
        cluster.checker().acts(id, view, disk);
        cluster.countActivation();
      }
      cluster.checker().acknowledged(id, view, commitIndex, disk);
    }
    acting = acts;
  }

  private boolean diesAt(CrashPoint point) {
    if (cluster.diesAt(this, point)) {
      cluster.trace("server " + id + " dies at " + point);
      cluster.crash(id);
      return true;
    }
    return false;
  }
}
