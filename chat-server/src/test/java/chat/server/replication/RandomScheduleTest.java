package chat.server.replication;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Random schedules: crashes, restarts, cuts, pauses, loss, repetition and delay while commands and
 * reads go on; then the faults stop, and service must come back. A failure prints its seed; {@code
 * -Dsimulation.seed=N} replays it with a transcript, {@code -Dsimulation.seconds=N} runs longer.
 */
class RandomScheduleTest {
  private static final long SECONDS = Long.getLong("simulation.seconds", 60);

  @Test
  void nothingAcknowledgedIsLostAndServiceComesBack() {
    Long one = Long.getLong("simulation.seed");
    if (one != null) {
      Outcome outcome = run(one, true);
      System.out.println(outcome.transcript());
      assertThat(outcome.failure()).isNull();
      return;
    }
    long first = Long.getLong("simulation.from", System.nanoTime() & 0xffffff);
    long end = System.nanoTime() + SECONDS * 1_000_000_000;
    System.out.println("simulation: from seed " + first);
    long schedules = 0;
    long acknowledged = 0;
    long activations = 0;
    for (long seed = first; System.nanoTime() < end; seed++, schedules++) {
      Outcome outcome = run(seed, false);
      if (outcome.failure() != null) {
        Outcome again = run(seed, true);
        throw new AssertionError(
            "seed " + seed + " fails: " + outcome.failure() + "\n" + again.transcript());
      }
      acknowledged += outcome.acknowledged();
      activations += outcome.activations();
    }
    System.out.printf(
        "simulation: %d schedules from seed %d in %d s, %d acknowledged, %d primaries%n",
        schedules, first, SECONDS, acknowledged, activations);
    assertThat(schedules).isPositive();
    assertThat(acknowledged).isGreaterThan(schedules);
  }

  record Outcome(
      @org.jspecify.annotations.Nullable String failure,
      int acknowledged,
      int activations,
      String transcript) {}

  static Outcome run(long seed, boolean tracing) {
    Random dice = new Random(seed ^ 0x5DEECE66DL);
    int size = dice.nextInt(4) == 0 ? 5 : 3;
    SimulatedCluster cluster =
        new SimulatedCluster(seed, size, new ViewRules(), dice.nextInt(3) == 0 ? 0.1 : 0);
    cluster.tracing = tracing;
    String failure = null;
    try {
      cluster.startAll();
      if (!cluster.runUntil(5_000, c -> c.primary() != null)) {
        failure = "never born";
      } else {
        cluster.startClients(2 + dice.nextInt(3));
        disturb(cluster, dice);
        failure = recover(cluster);
      }
    } catch (InvariantViolation e) {
      failure = e.toString();
      cluster.trace(failure + " at " + List.of(e.getStackTrace()).subList(0, 6));
    }
    return new Outcome(
        failure,
        cluster.checker().acknowledgedCount(),
        cluster.activations(),
        cluster.transcript());
  }

  private static void disturb(SimulatedCluster cluster, Random dice) {
    cluster.lossChance = dice.nextInt(3) == 0 ? dice.nextDouble() * 0.2 : 0;
    cluster.repeatChance = dice.nextInt(3) == 0 ? 0.1 : 0;
    cluster.delayMax = (1L << dice.nextInt(8)) * SimulatedCluster.MILLI;
    cluster.deathChance = dice.nextInt(3) == 0 ? 0.0005 : 0;
    cluster.clientBreakChance = dice.nextInt(2) == 0 ? 0.02 : 0;
    for (SimulatedServer server : cluster.servers()) {
      // A force takes from nothing to a quarter of a second.
      server.disk.forceNanos = dice.nextInt(2) == 0 ? 0 : 1_000L << dice.nextInt(18);
    }
    int crash = dice.nextInt(6);
    int restart = 1 + dice.nextInt(8);
    int cut = dice.nextInt(6);
    int pause = dice.nextInt(3);
    int steps = 40 + dice.nextInt(200);
    int size = cluster.ids().size();
    for (int i = 0; i < steps; i++) {
      for (int p = dice.nextInt(4); p > 0; p--) {
        cluster.propose(cluster.server(1 + dice.nextInt(size)));
        cluster.propose();
      }
      cluster.read(cluster.server(1 + dice.nextInt(size)));
      int z = dice.nextInt(40);
      int victim = 1 + dice.nextInt(size);
      int other = 1 + dice.nextInt(size);
      if (z < crash) {
        cluster.crash(victim);
      } else if (z < crash + restart) {
        cluster.start(victim);
      } else if (z < crash + restart + cut) {
        partition(cluster, dice, victim, other);
      } else if (z < crash + restart + cut + pause) {
        pause(cluster, dice, victim);
      } else if (z == 39) {
        cluster.heal();
      }
      cluster.run(1 + dice.nextInt(1 << dice.nextInt(11)));
    }
  }

  private static void partition(SimulatedCluster cluster, Random dice, int victim, int other) {
    if (dice.nextInt(3) == 0) {
      cluster.isolate(victim);
    } else if (victim != other) {
      boolean cut = dice.nextBoolean();
      cluster.cut(victim, other, cut);
      if (dice.nextInt(3) > 0) {
        cluster.cut(other, victim, cut);
      }
    }
  }

  private static void pause(SimulatedCluster cluster, Random dice, int victim) {
    SimulatedServer server = cluster.server(victim);
    Replica process = server.replica;
    server.paused = true;
    cluster.after(
        dice.nextInt(4_000),
        () -> {
          if (server.replica == process) {
            server.paused = false;
          }
        });
  }

  /** Faults stop: within a bound, all servers are in one view again and a command gets through. */
  private static @org.jspecify.annotations.Nullable String recover(SimulatedCluster cluster) {
    cluster.lossChance = 0;
    cluster.repeatChance = 0;
    cluster.deathChance = 0;
    cluster.servers().forEach(server -> server.disk.forceNanos /= 16);
    cluster.delayMax = 2 * SimulatedCluster.MILLI;
    cluster.heal();
    cluster.run(4_000);
    cluster.startAll();
    if (!cluster.runUntil(30_000, SimulatedCluster::complete)) {
      return "not all servers came back into one serving view within 30 s";
    }
    int before = cluster.checker().acknowledgedCount();
    boolean proposed = cluster.propose();
    cluster.run(1_000);
    if (!proposed || cluster.checker().acknowledgedCount() <= before) {
      return "the recovered cluster acknowledges nothing";
    }
    cluster.clientBreakChance = 0;
    cluster.finishClients();
    return null;
  }
}
