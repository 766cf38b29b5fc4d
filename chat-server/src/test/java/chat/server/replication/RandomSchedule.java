package chat.server.replication;

import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * One random schedule: faults while users send and read; then the faults stop, a connected majority
 * must serve, then all, and the histories must agree. The seed decides everything.
 */
final class RandomSchedule {
  /** How long a connected majority may take until it acknowledges something. */
  private static final long MAJORITY_SERVES_MILLIS = 10_000;

  /**
   * How long until something is acknowledged once all are in one view: one of them may have stood
   * against another in the last moment of a cut, and that is a silent failure (4 s).
   */
  private static final long SERVES_MILLIS = 4_000;

  /** How long it may take until all servers are in one view. */
  private static final long ALL_SERVE_MILLIS = 30_000;

  /**
   * What came of it.
   *
   * @param failure null if everything held
   */
  record Result(
      @Nullable String failure,
      int acknowledged,
      int requests,
      int duplicates,
      int views,
      Map<String, Integer> faults,
      List<String> transcript) {}

  private final SimulatedCluster cluster;
  private final Random dice;
  private @Nullable RandomFaults faults;

  private RandomSchedule(long seed, boolean tracing) {
    dice = new Random(seed ^ 0x5DEECE66DL);
    int size = dice.nextInt(4) == 0 ? 5 : 3;
    cluster = new SimulatedCluster(seed, size, new ViewRules(), dice.nextInt(3) == 0 ? 0.1 : 0);
    cluster.tracing = tracing;
  }

  /**
   * Runs it.
   *
   * @param tracing whether to keep a transcript; it changes nothing else
   */
  static Result run(long seed, boolean tracing) {
    return new RandomSchedule(seed, tracing).run();
  }

  private Result run() {
    String failure = null;
    try {
      cluster.startAll();
      if (!cluster.runUntil(5_000, c -> c.primary() != null)) {
        failure = "never born";
      } else {
        cluster.startClients(2 + dice.nextInt(3));
        RandomFaults going = new RandomFaults(cluster, dice);
        faults = going;
        disturb(going);
        failure = recover(going);
      }
    } catch (RuntimeException e) {
      // A violation, or the core or the simulation itself breaks down: to be looked at, all of it.
      failure = e instanceof InvariantViolation ? e.getMessage() : e.toString();
      cluster.trace("VIOLATION " + failure);
      for (StackTraceElement line : List.of(e.getStackTrace()).subList(0, 6)) {
        cluster.trace("  at " + line);
      }
    }
    return new Result(
        failure,
        cluster.checker().acknowledgedCount(),
        cluster.history().acknowledgedCount(),
        cluster.history().duplicates(),
        cluster.checker().viewCount(),
        faults == null ? Map.of() : faults.counts(),
        cluster.transcriptLines());
  }

  private void disturb(RandomFaults going) {
    int size = cluster.ids().size();
    for (int steps = 40 + dice.nextInt(200); steps > 0; steps--) {
      cluster.propose(cluster.server(1 + dice.nextInt(size)));
      cluster.read(cluster.server(1 + dice.nextInt(size)));
      going.step();
      cluster.run(1 + dice.nextInt(1 << dice.nextInt(11)));
    }
    going.stop();
  }

  private @Nullable String recover(RandomFaults going) {
    String failure = majorityServes();
    if (failure != null) {
      return failure;
    }
    cluster.heal();
    cluster.startAll();
    if (!cluster.runUntil(ALL_SERVE_MILLIS, c -> isWhole(c, going))) {
      return "not all servers came back into one serving view within " + ALL_SERVE_MILLIS + " ms";
    }
    failure = rollBack(going);
    if (failure != null) {
      return failure;
    }
    if (!Schedules.acknowledges(cluster, SERVES_MILLIS)) {
      return "the recovered cluster acknowledges nothing";
    }
    cluster.clientBreakChance = 0;
    cluster.finishClients();
    return null;
  }

  /** All are members; those that were removed are let in again on the way. */
  private static boolean isWhole(SimulatedCluster cluster, RandomFaults going) {
    if (cluster.now() / SimulatedCluster.MILLI % 100 < 5) {
      going.admitTheRemoved();
    }
    SimulatedServer primary = cluster.primary();
    return primary != null
        && primary.disk.hard.view().cluster().disks().size() == cluster.ids().size()
        && cluster.complete();
  }

  /** All links heal but those of one server at most; nobody is started. */
  private @Nullable String majorityServes() {
    cluster.heal();
    int out = dice.nextInt(cluster.ids().size() + 1);
    if (out > 0) {
      cluster.isolate(out);
    }
    View newest = cluster.newestView();
    int continuous = 0;
    boolean decided = true;
    boolean known = false;
    for (SimulatedServer server : cluster.servers()) {
      HardState hard = server.disk.hard;
      boolean connected = server.alive() && server.id.value() != out;
      continuous += connected && newest.names(server.id, hard.incarnation()) ? 1 : 0;
      // Only who was cut off may have installed it: the others have accepted it, and cannot tell
      // whether that one has (seed 3864402).
      known |= connected && hard.view().ballot().equals(newest.ballot());
      HardState.Accepted accepted = hard.accepted();
      // A view may have been chosen, or be about to, that nobody has installed and that needs the
      // one that is cut off. (A joiner lost in the middle of its round is a silent second loss.)
      boolean promised =
          hard.promisedBase().equals(newest.ballot()) && hard.promisedBallot().isAfter(Epoch.ZERO);
      decided &= accepted == null || !accepted.base().equals(newest.ballot());
      decided &= !promised || server.id.value() != out;
    }
    if (!decided || !known || continuous * 2 <= newest.size()) {
      cluster.run(4_000);
      return null;
    }
    cluster.trace(
        "a majority of " + newest + " is connected" + (out > 0 ? ", all but " + out : ""));
    return Schedules.acknowledges(cluster, MAJORITY_SERVES_MILLIS)
        ? null
        : "a connected majority of " + newest + " did not serve within " + MAJORITY_SERVES_MILLIS;
  }

  /** A server starts on an old copy of its disk: the others, who know better, refuse it. */
  private @Nullable String rollBack(RandomFaults going) {
    SimulatedServer victim = cluster.server(1 + dice.nextInt(cluster.ids().size()));
    SimulatedDisk old = going.oldCopy(victim);
    if (old == null) {
      return null;
    }
    cluster.crash(victim.id);
    SimulatedDisk kept = victim.disk;
    cluster.trace("the disk of server " + victim.id + " is rolled back");
    victim.disk = old;
    cluster.start(victim.id.value());
    boolean goOn =
        cluster.runUntil(
            MAJORITY_SERVES_MILLIS,
            c -> {
              SimulatedServer primary = c.primary();
              return primary != null && !primary.disk.hard.view().has(victim.id);
            });
    if (!goOn || !Schedules.acknowledges(cluster, MAJORITY_SERVES_MILLIS)) {
      return "the others do not go on without the server on a rolled-back disk";
    }
    cluster.run(1_000);
    for (SimulatedServer server : cluster.servers()) {
      if (server.disk.hard.view().names(victim.id, victim.incarnation())) {
        return "a server on a rolled-back disk is a member of " + server.disk.hard.view();
      }
    }
    cluster.crash(victim.id);
    victim.disk = kept;
    cluster.startAll();
    // A removal that was asked for before may have been made only now.
    return cluster.runUntil(ALL_SERVE_MILLIS, c -> isWhole(c, going))
        ? null
        : "the server that was rolled back does not come back with its true disk";
  }
}
