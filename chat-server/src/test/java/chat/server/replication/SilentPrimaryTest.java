package chat.server.replication;

import static chat.server.replication.Schedules.born;
import static chat.server.replication.Schedules.promised;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A primary that is cut off, or whose packets get lost in one direction alone, is replaced within 4
 * s, whatever the others think of each other when it happens.
 */
class SilentPrimaryTest {
  private static final int SEEDS = 25;
  private static final int REPLACED_MILLIS = 3_100;

  private enum Silence {
    CUT_OFF,
    /** It hears nobody. */
    DEAF,
    /** Nobody hears it. */
    MUTE
  }

  @ParameterizedTest
  @CsvSource({
    "3, CUT_OFF, false",
    "3, DEAF, false",
    "3, MUTE, false",
    "5, CUT_OFF, false",
    "5, DEAF, false",
    "5, MUTE, false",
    "5, CUT_OFF, true",
    "5, DEAF, true",
    "5, MUTE, true"
  })
  void isReplaced(int size, Silence silence, boolean amongDenunciations) {
    for (int seed = 1; seed <= SEEDS; seed++) {
      Random dice = new Random(seed);
      SimulatedCluster cluster = born(new ViewRules(), size, seed);
      cluster.run(dice.nextInt(1_000));
      if (amongDenunciations) {
        denounce(cluster, dice);
      }
      SimulatedServer old = cluster.primary();
      if (old == null) {
        continue; // They are about to change the view as it is.
      }
      fallSilent(cluster, old.id.value(), silence);
      boolean replaced =
          cluster.runUntil(
              REPLACED_MILLIS,
              c -> {
                SimulatedServer primary = c.primary();
                return primary != null && !primary.id.equals(old.id);
              });
      assertThat(replaced).as("seed %s: %s", seed, cluster.transcript()).isTrue();
    }
  }

  /**
   * Neither deaf nor mute, and not denounced by anybody: only the rounds tell that it is no use.
   */
  @Test
  void whoGivesNoPromisesIsLeftOut() {
    SimulatedCluster cluster = born(new ViewRules(), 3);
    SimulatedServer old = cluster.server(3);
    old.input(replica -> replica.change(1, new Change.HandOver(new ServerId(2)), old.clock()));
    assertThat(cluster.run(1_000, c -> promised(c, 1) && promised(c, 2))).isTrue();
    cluster.passes =
        e ->
            !(e.from().value() == 3 || e.to().value() == 3)
                || !(e.message() instanceof Message.Promise
                    || e.message() instanceof Message.PromiseRequest);
    assertThat(cluster.runUntil(8_000, c -> c.servedBy(1) || c.servedBy(2))).isTrue();
  }

  /** One server hears only some of the others for a while, and all say what they think of it. */
  private static void denounce(SimulatedCluster cluster, Random dice) {
    int size = cluster.ids().size();
    int victim = 1 + dice.nextInt(size);
    for (int i = 1; i <= size; i++) {
      if (i != victim && dice.nextBoolean()) {
        cluster.cut(i, victim, true);
      }
    }
    cluster.run(800 + dice.nextInt(800));
    cluster.heal();
    cluster.run(dice.nextInt(300));
  }

  private static void fallSilent(SimulatedCluster cluster, int primary, Silence silence) {
    for (ServerId other : cluster.ids()) {
      if (other.value() != primary && silence != Silence.DEAF) {
        cluster.cut(primary, other.value(), true);
      }
      if (other.value() != primary && silence != Silence.MUTE) {
        cluster.cut(other.value(), primary, true);
      }
    }
  }
}
