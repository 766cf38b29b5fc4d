package chat.server.replication;

import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What goes wrong in one random schedule: how often each fault comes is drawn once, when and where
 * at every step.
 */
final class RandomFaults {
  private static final long MILLI = SimulatedCluster.MILLI;

  private final SimulatedCluster cluster;
  private final Random dice;
  private final Map<String, Integer> counts = new TreeMap<>();
  private final Map<ServerId, SimulatedDisk> truth = new TreeMap<>();
  private final Map<ServerId, SimulatedDisk> copies = new TreeMap<>();

  /** Removed, with a new disk since when, and not let in yet. */
  private final Map<ServerId, Long> waiting = new TreeMap<>();

  private long changes;
  private boolean replaced;
  private final int[] weights;
  private final boolean longPauses;
  private boolean over;

  RandomFaults(SimulatedCluster cluster, Random dice) {
    this.cluster = cluster;
    this.dice = dice;
    cluster.lossChance = dice.nextInt(3) == 0 ? dice.nextDouble() * 0.2 : 0;
    cluster.repeatChance = dice.nextInt(3) == 0 ? 0.1 : 0;
    cluster.delayMax = (1L << dice.nextInt(8)) * MILLI;
    cluster.deathChance = dice.nextInt(3) == 0 ? 0.0005 : 0;
    cluster.clientBreakChance = dice.nextInt(2) == 0 ? 0.02 : 0;
    for (SimulatedServer server : cluster.servers()) {
      // A force takes from nothing to a quarter of a second.
      server.disk.forceNanos = dice.nextInt(2) == 0 ? 0 : 1_000L << dice.nextInt(18);
      copies.put(server.id, server.disk.copy());
    }
    longPauses = dice.nextInt(12) == 0;
    weights =
        new int[] {
          dice.nextInt(12), // crash
          2 + dice.nextInt(16), // start
          dice.nextInt(8), // cut one way or both
          dice.nextInt(4), // isolate
          dice.nextInt(4), // part
          dice.nextInt(3), // flap
          dice.nextInt(6), // pause
          dice.nextInt(2) * dice.nextInt(4), // hang
          dice.nextInt(3) == 0 ? 2 : 0, // full
          dice.nextInt(2) * 2, // clock
          dice.nextInt(6) == 0 ? 2 : 0, // wipe
          2, // heal
          dice.nextInt(3), // stop in order
          dice.nextInt(3), // hand over
          dice.nextInt(4) == 0 ? 4 : 0, // remove
          dice.nextInt(3), // an operator's word
          40, // nothing
        };
  }

  Map<String, Integer> counts() {
    return counts;
  }

  private void count(String fault) {
    counts.merge(fault, 1, Integer::sum);
  }

  private SimulatedServer any() {
    return cluster.server(1 + dice.nextInt(cluster.ids().size()));
  }

  void step() {
    int total = 0;
    for (int weight : weights) {
      total += weight;
    }
    int z = dice.nextInt(total);
    int fault = 0;
    while (z >= weights[fault]) {
      z -= weights[fault++];
    }
    SimulatedServer victim = any();
    switch (fault) {
      case 0 -> crash(victim);
      case 1 -> cluster.start(victim.id.value());
      case 2 -> cut(victim, any());
      case 3 -> {
        cluster.isolate(victim.id.value());
        count("isolated");
      }
      case 4 -> part();
      case 5 -> flap(victim, any(), 2 + dice.nextInt(20));
      case 6 -> pause(victim);
      case 7 -> hang(victim);
      case 8 -> fill(victim);
      case 9 -> jump(victim);
      case 10 -> wipe(victim);
      case 11 -> cluster.heal();
      case 12 -> stopInOrder(victim);
      case 13 -> ask(new Change.HandOver(victim.id), "hand-overs");
      case 14 -> remove(victim);
      case 15 -> confirmCrashed(any(), victim);
      default -> {}
    }
    if (dice.nextInt(8) == 0) {
      admitTheRemoved();
    }
  }

  /** It says goodbye and ends (R7). */
  private void stopInOrder(SimulatedServer victim) {
    if (victim.alive() && !victim.paused) {
      cluster.trace("server " + victim.id + " is told to stop");
      victim.input(replica -> replica.leave(victim.clock()));
      cluster.crash(victim.id);
      count("stops");
    }
  }

  /**
   * One server in a schedule, and no wiped disk beside it: who was away while everybody that it
   * knew was replaced has nobody to learn from, and needs an operator once more.
   */
  private void remove(SimulatedServer victim) {
    boolean allWell = cluster.servers().stream().allMatch(SimulatedServer::alive);
    if (!replaced && allWell && cluster.complete()) {
      replaced = true;
      ask(new Change.Remove(victim.id), "removals");
    }
  }

  private void ask(Change change, String name) {
    SimulatedServer primary = cluster.primary();
    if (primary != null) {
      cluster.trace("server " + primary.id + " is asked for " + change);
      primary.input(replica -> replica.change(++changes, change, primary.clock()));
      count(name);
    }
  }

  /** True, but perhaps of a start that the one who is told has not heard of. */
  private void confirmCrashed(SimulatedServer told, SimulatedServer victim) {
    if (!victim.alive() && told != victim) {
      cluster.trace("an operator tells server " + told.id + " that " + victim.id + " is dead");
      told.input(replica -> replica.confirmCrashed(victim.id, told.clock()));
      count("words");
    }
  }

  /** A server that the cluster is without comes back with an empty disk, and is let in. */
  void admitTheRemoved() {
    if (cluster.primary() == null) {
      return;
    }
    // By the newest view: a primary that was left out and does not know it would have the disk of a
    // member thrown away (seed 20261130221).
    Map<ServerId, String> disks = cluster.newestView().cluster().disks();
    for (SimulatedServer server : cluster.servers()) {
      // A primary that stood still may have heard of the old disk last, and have let that one in
      // (seed 6125584069661777285): then the others say that an operator is needed once more.
      boolean withAnotherDisk =
          waiting.containsKey(server.id) && !server.disk.id.equals(disks.get(server.id));
      if (!disks.containsKey(server.id) || withAnotherDisk) {
        // Not noticed before, or let in and removed once more since.
        if (!waiting.containsKey(server.id) || server.ending != null) {
          waiting.put(server.id, cluster.now());
          truth.remove(server.id);
          cluster.crash(server.id);
          cluster.wipe(server.id.value());
        }
        cluster.start(server.id.value());
        // Once its old disk is forgotten.
        if (cluster.now() - waiting.getOrDefault(server.id, 0L) > 1_500 * MILLI) {
          ask(new Change.Admit(server.id), "admissions");
        }
      } else {
        waiting.remove(server.id);
      }
    }
  }

  private void crash(SimulatedServer victim) {
    if (victim.alive()) {
      cluster.crash(victim.id);
      count("crashes");
    }
  }

  private void cut(SimulatedServer one, SimulatedServer other) {
    if (one != other) {
      boolean cut = dice.nextBoolean();
      cluster.cut(one.id.value(), other.id.value(), cut);
      if (dice.nextInt(3) > 0) {
        cluster.cut(other.id.value(), one.id.value(), cut);
      }
      count("cuts");
    }
  }

  private void part() {
    TreeSet<Integer> one = new TreeSet<>();
    TreeSet<Integer> other = new TreeSet<>();
    cluster.ids().forEach(id -> (dice.nextBoolean() ? one : other).add(id.value()));
    cluster.part(one, other);
    count("partitions");
  }

  private void flap(SimulatedServer one, SimulatedServer other, int times) {
    if (one == other || over) {
      return;
    }
    cluster.cut(one.id.value(), other.id.value(), times % 2 == 0);
    count("flaps");
    if (times > 0) {
      cluster.after(20 + dice.nextInt(800), () -> flap(one, other, times - 1));
    }
  }

  private void pause(SimulatedServer victim) {
    Replica process = victim.replica;
    if (process == null || victim.paused) {
      return;
    }
    long millis = longPauses && dice.nextInt(4) == 0 ? dice.nextInt(60_000) : dice.nextInt(4_000);
    cluster.trace("server " + victim.id + " stands still for " + millis + " ms");
    victim.paused = true;
    count("pauses");
    cluster.after(
        millis,
        () -> {
          if (victim.replica == process) {
            victim.paused = false;
          }
        });
  }

  private void hang(SimulatedServer victim) {
    long millis = 100L + dice.nextInt(1 << (4 + dice.nextInt(10)));
    cluster.trace("the disk of server " + victim.id + " hangs for " + millis + " ms");
    victim.disk.hangsUntil = cluster.now() + millis * MILLI;
    count("hangs");
  }

  private void fill(SimulatedServer victim) {
    SimulatedDisk disk = victim.disk;
    cluster.trace("the disk of server " + victim.id + " is full");
    disk.full = true;
    count("full disks");
    cluster.after(500 + dice.nextInt(4_000), () -> disk.full = false);
  }

  private void jump(SimulatedServer victim) {
    victim.wallErrorMicros = (dice.nextLong(7_200) - 3_600) * 1_000_000;
    count("clock jumps");
  }

  /** The disk is out, with an empty one in its place; once in a schedule; the true one returns. */
  private void wipe(SimulatedServer victim) {
    if (!victim.alive() && !replaced) {
      replaced = true;
      truth.put(victim.id, victim.disk);
      cluster.wipe(victim.id.value());
      count("wiped disks");
    }
  }

  /** Nothing more goes wrong; what is broken stays so. */
  void stop() {
    over = true;
    cluster.lossChance = 0;
    cluster.repeatChance = 0;
    cluster.deathChance = 0;
    cluster.delayMax = 2 * MILLI;
    truth.forEach(
        (id, disk) -> {
          cluster.crash(id);
          cluster.trace("the true disk of server " + id + " is back");
          cluster.server(id.value()).disk = disk;
        });
    truth.clear();
    for (SimulatedServer server : cluster.servers()) {
      server.paused = false;
      server.disk.forceNanos /= 16;
      server.disk.hangsUntil = 0;
      server.disk.full = false;
    }
  }

  /**
   * An old copy of a server's disk that the others can tell from the true one, because they have
   * seen a later start of it; null if there is none.
   */
  @org.jspecify.annotations.Nullable
  SimulatedDisk oldCopy(SimulatedServer server) {
    SimulatedDisk copy = copies.get(server.id);
    boolean told =
        copy != null
            && copy.id.equals(server.disk.id)
            && copy.hard.incarnation().value() + 2 <= server.disk.hard.incarnation().value();
    if (told) {
      count("rolled-back disks");
    }
    return told ? copy : null;
  }
}
