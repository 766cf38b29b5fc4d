package chat.server.replication;

import chat.server.chat.Outcome;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One server of the simulation: a disk that stays, and a process that comes and goes. What arrives
 * while the process is paused, or its disk is at work, waits and is then taken together.
 */
final class SimulatedServer {
  /** A point at which a process may die in the middle of its work. */
  enum CrashPoint {
    SENT_FIRST,
    LOG_WRITTEN,
    LOG_FORCED,
    STATE_STORED,
    SENT
  }

  private static final long FLUSH_INTERVAL = 2_000 * SimulatedCluster.MILLI;

  final ServerId id;
  SimulatedDisk disk;
  @Nullable Replica replica;
  @Nullable Status status;
  long commitIndex;
  boolean paused;

  /** By how much the wall clock, which stamps commands, is wrong, in microseconds. */
  long wallErrorMicros;

  /** What came of the changes asked of it: "" if made, else why not. */
  final Map<Long, String> changes = new HashMap<>();

  Ready.@Nullable Ending ending;
  Settings settings = Settings.DEFAULT;

  /** What its flags say; null for all servers of the simulation. */
  @Nullable Set<ServerId> configured;

  private final SimulatedCluster cluster;
  private final long clockOffset;
  private final double clockRate;
  private final ArrayDeque<Consumer<Replica>> inbox = new ArrayDeque<>();
  private ChatFront front;
  private boolean writing;
  private boolean acting;
  private long checkedUpTo;
  private long flushedAt;
  private long tickedAt;

  /** Whose disk forces in the background, where a test has it so. */
  private @Nullable Replica forcing;

  /** So many times what is to be done may lead to more at once; the real loop knows no limit. */
  private static final int ROUNDS_MAX = 1000;

  private static final long TICK = 10 * SimulatedCluster.MILLI;

  SimulatedServer(SimulatedCluster cluster, ServerId id, View unborn, Random random, double drift) {
    this.cluster = cluster;
    this.id = id;
    this.disk = new SimulatedDisk("disk-" + id, unborn);
    this.clockOffset = random.nextInt(1_000_000_000);
    this.clockRate = 1 + drift * (random.nextDouble() * 2 - 1);
    this.front = new ChatFront(cluster, this);
  }

  boolean alive() {
    return replica != null;
  }

  /** Whether it is primary and may acknowledge. */
  boolean acts() {
    Replica process = replica;
    return process != null && process.takesWrites();
  }

  Incarnation incarnation() {
    return disk.hard.incarnation();
  }

  ChatFront front() {
    return front;
  }

  long clock() {
    return clockOffset + (long) (cluster.now() * clockRate);
  }

  long wallMicros() {
    return 1_700_000_000_000_000L + cluster.now() / 1000 + wallErrorMicros;
  }

  void start(ViewRules rules) {
    disk.hard = disk.hard.withIncarnation(new Incarnation(disk.hard.incarnation().value() + 1));
    Replica.RestoredLog restored = disk.restore();
    commitIndex = restored.committed().index();
    Identity identity =
        new Identity(
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
    front = new ChatFront(cluster, this);
    acting = false;
    ending = null;
    paused = false;
    writing = false;
    status = null;
    checkedUpTo = 0;
    inbox.clear();
    applyUpTo(cluster.driver.appliesAtStart(commitIndex, disk.length()));
  }

  void kill() {
    replica = null;
    status = null;
    inbox.clear();
    front.ends();
    disk.crash(cluster.random());
  }

  /** Hands something to the process: at once, or when it and its disk are free. */
  void input(Consumer<Replica> input) {
    if (replica != null) {
      inbox.add(input);
      takeInputs();
    }
  }

  private void takeInputs() {
    while (!paused && !writing && !inbox.isEmpty()) {
      for (int waiting = inbox.size(); waiting > 0 && replica != null; waiting--) {
        inbox.remove().accept(replica);
      }
      // As the real loop does: however much there is to do, time passes between two batches.
      Replica process = replica;
      if (process != null && cluster.now() - tickedAt >= TICK) {
        tick(process);
      }
      work();
    }
  }

  private void tick(Replica process) {
    tickedAt = cluster.now();
    process.applied(disk.database.appliedIndex());
    process.tick(clock());
  }

  void tick() {
    Replica process = replica;
    if (process != null && !paused && !writing) {
      takeInputs();
      if (cluster.now() - flushedAt > FLUSH_INTERVAL) {
        flushedAt = cluster.now();
        disk.database.flush();
      }
      if (replica == process && !writing) {
        tick(process);
        work();
      }
    }
  }

  /** Does all the work that is ready, perhaps dying at one of the points in between. */
  void work() {
    for (int rounds = 0; replica != null && !writing; rounds++) {
      if (!perform(replica.ready()) || (replica != null && !replica.hasWork())) {
        return;
      }
      if (rounds > ROUNDS_MAX) {
        throw new InvariantViolation("server " + id + " has work for ever: " + replica.ready());
      }
    }
  }

  /** Returns false if the process has died or the disk is at work. */
  private boolean perform(Ready ready) {
    // Which base a view follows must be known before it is stored.
    ready.send().forEach(e -> cluster.checker().sends(e.message()));
    ready.sendFirst().forEach(cluster::send);
    if (diesAt(CrashPoint.SENT_FIRST)) {
      return false;
    }
    if (!ready.writes()) {
      return finish(ready);
    }
    if (disk.full) {
      cluster.trace("server " + id + " stops: its disk is full");
      cluster.crash(id);
      return false;
    }
    disk.write(ready.truncateAfter(), ready.append(), ready.commitIndex());
    if (ready.truncateAfter() >= 0 && ready.truncateAfter() < disk.database.appliedIndex()) {
      throw new InvariantViolation(
          "server " + id + " cuts its log after " + ready.truncateAfter() + ", which it applied");
    }
    if (diesAt(CrashPoint.LOG_WRITTEN)) {
      return false;
    }
    long duration = Math.max(disk.forceNanos, disk.hangsUntil - cluster.now());
    if (duration <= 0) {
      return forced(ready);
    }
    Replica process = replica;
    if (cluster.driver.waitsForForce()) {
      writing = true;
      cluster.at(cluster.now() + duration, () -> forceEnds(process, ready));
      return false;
    }
    if (forcing != process) {
      // One at a time: what is written meanwhile waits for the next.
      forcing = process;
      cluster.at(
          cluster.now() + duration,
          () -> {
            if (replica == process) {
              forcing = null;
              disk.force();
            }
          });
    }
    return store(ready);
  }

  private void forceEnds(@Nullable Replica process, Ready ready) {
    if (process != null && replica == process) {
      long more = disk.hangsUntil - cluster.now();
      if (more > 0) {
        cluster.at(cluster.now() + more, () -> forceEnds(process, ready));
        return;
      }
      writing = false;
      if (forced(ready)) {
        work();
      }
      takeInputs();
    }
  }

  private boolean forced(Ready ready) {
    disk.force();
    return !diesAt(CrashPoint.LOG_FORCED) && store(ready);
  }

  private boolean store(Ready ready) {
    HardState hard = ready.hardState();
    if (hard != null) {
      cluster.checker().stores(id, disk.hard, hard);
      disk.hard = hard;
    }
    return finish(ready);
  }

  private boolean finish(Ready ready) {
    Replica process = replica;
    if (diesAt(CrashPoint.STATE_STORED) || process == null) {
      return false;
    }
    process.persisted();
    long commitBefore = commitIndex;
    commitIndex = ready.commitIndex();
    cluster.checker().commits(id, commitBefore, commitIndex, disk);
    observe(ready, process);
    for (Envelope e : ready.send()) {
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
    applyUpTo(commitIndex);
    front.serve(ready);
    return true;
  }

  private void applyUpTo(long index) {
    while (disk.database.appliedIndex() < index) {
      Entry entry = disk.entry(disk.database.appliedIndex() + 1);
      Outcome outcome = disk.database.apply(entry, cluster.driver);
      cluster.history().applied(id, entry, outcome);
      cluster.history().state(id, entry.index(), disk.database.tables());
      front.applied(entry, outcome);
    }
  }

  private void observe(Ready ready, Replica process) {
    ready.notices().forEach(text -> cluster.trace("server " + id + ": " + text));
    ready.reads().forEach(read -> cluster.checker().readServed(id, read));
    ready.changes().forEach(c -> changes.put(c.id(), c.failure() == null ? "" : c.failure()));
    if (ready.ending() != null && ending == null) {
      ending = ready.ending();
      cluster.trace("server " + id + " ends its run: " + ending);
    }
    Status news = ready.status();
    if (news != null) {
      status = news;
    }
    View view = disk.hard.view();
    boolean acts = process.takesWrites();
    if (acts) {
      if (!acting) {
        cluster.checker().acts(id, view, disk);
      }
      checkedUpTo = cluster.checker().acknowledged(id, view, checkedUpTo, commitIndex, disk);
    }
    acting = acts;
  }

  private boolean diesAt(CrashPoint point) {
    if (replica != null && cluster.diesAt(this, point)) {
      cluster.trace("server " + id + " dies at " + point);
      cluster.crash(id);
      return true;
    }
    return false;
  }
}
