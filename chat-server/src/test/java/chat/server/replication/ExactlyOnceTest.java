package chat.server.replication;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import chat.server.chat.ChatTables;
import chat.server.chat.MemoryTables;
import java.lang.reflect.Proxy;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** H8: what clients repeat across every one of the named schedules is applied once, in order. */
class ExactlyOnceTest {
  /** The faults of {@link NamedScheduleTest}, without its questions. */
  enum Faults {
    H1_ONE_SLEEPS_AND_THE_OTHERS_DIE(
        c -> {
          c.server(1).paused = true;
          c.run(4_000);
          c.crash(2);
          c.crash(3);
          c.run(1_000);
          c.server(1).paused = false;
          c.run(4_000);
        }),
    H2_TWO_DIE_AND_RETURN_WITHOUT_THE_THIRD(
        c -> {
          c.crash(2);
          c.crash(3);
          c.run(2_000);
          c.crash(1);
          c.start(2, 3);
          c.run(4_000);
        }),
    H3_A_HOST_REFUSES_BETWEEN_TWO(
        c -> {
          c.reject(3, 1);
          c.run(6_000);
        }),
    H4_A_VIEW_IS_INSTALLED_AT_ONE_MEMBER(
        c -> {
          c.isolate(3);
          c.passes = e -> !(e.message() instanceof Message.InstallRequest);
          c.run(3_000);
          c.passes = e -> true;
          c.heal();
          c.isolate(2);
          c.run(4_000);
          c.heal();
          c.run(4_000);
        }),
    H5_A_DISK_IS_LOST_FOR_A_WHILE(
        c -> {
          c.crash(1);
          c.crash(2);
          c.run(2_000);
          c.crash(3);
          SimulatedDisk kept = c.server(3).disk;
          c.wipe(3);
          c.startAll();
          c.run(4_000);
          c.crash(3);
          c.server(3).disk = kept;
        }),
    H6_A_LONG_OLD_LOG(
        c -> {
          c.isolate(3);
          c.run(4_000);
          c.crash(1);
          c.crash(2);
          c.crash(3);
          c.heal();
          c.start(1, 3);
          c.run(2_000);
        }),
    H7_AN_EXCLUDED_PRIMARY_WAKES(
        c -> {
          c.isolate(3);
          c.server(3).paused = true;
          c.run(3_000);
          c.server(3).paused = false;
          c.run(1_000);
        });

    @SuppressWarnings("ImmutableEnumChecker") // lambdas without state
    private final Consumer<SimulatedCluster> script;

    Faults(Consumer<SimulatedCluster> script) {
      this.script = script;
    }
  }

  private static SimulatedCluster busy(SimulatedDriver driver) {
    SimulatedCluster cluster = new SimulatedCluster(7, 3, new ViewRules(), 0);
    cluster.driver = driver;
    cluster.tracing = true;
    cluster.clientPause = 10;
    cluster.clientBreakChance = 0.01;
    cluster.startAll();
    assertThat(cluster.runUntil(2_000, c -> c.servedBy(3))).isTrue();
    cluster.startClients(3);
    assertThat(cluster.runUntil(5_000, SimulatedCluster::clientsAreIn)).isTrue();
    cluster.run(1_000);
    return cluster;
  }

  private static void healed(SimulatedCluster cluster) {
    cluster.heal();
    cluster.startAll();
    assertThat(cluster.runUntil(20_000, SimulatedCluster::complete)).isTrue();
    cluster.clientBreakChance = 0;
    cluster.finishClients();
  }

  @ParameterizedTest
  @EnumSource
  void h8WhatIsRepeatedAcrossItIsAppliedOnce(Faults faults) {
    SimulatedCluster cluster = busy(new SimulatedDriver());
    faults.script.accept(cluster);
    healed(cluster);
    assertThat(cluster.history().acknowledgedCount()).isGreaterThan(50);
    assertThat(cluster.history().duplicates()).as("requests that were repeated").isPositive();
  }

  @Test
  void r13RequestIdsOutsideTheReplicatedStateAreForgotten() {
    assertThatThrownBy(
            () -> {
              SimulatedCluster cluster =
                  busy(
                      new SimulatedDriver() {
                        @Override
                        ChatTables tables(MemoryTables tables) {
                          return rememberingNoRequest(tables);
                        }
                      });
              Faults.H7_AN_EXCLUDED_PRIMARY_WAKES.script.accept(cluster);
              healed(cluster);
            })
        .isInstanceOf(InvariantViolation.class)
        .hasMessageContaining("is applied twice");
  }

  private static ChatTables rememberingNoRequest(MemoryTables tables) {
    return (ChatTables)
        Proxy.newProxyInstance(
            ChatTables.class.getClassLoader(),
            new Class<?>[] {ChatTables.class},
            (proxy, method, arguments) ->
                method.getName().equals("remember") ? null : method.invoke(tables, arguments));
  }

  /** A lone survivor acknowledges, and the power fails before its disk has forced that. */
  private static void powerFails(SimulatedDriver driver, int later) {
    SimulatedCluster cluster = busy(driver);
    cluster.crash(1);
    cluster.crash(2);
    assertThat(cluster.runUntil(2_000, c -> c.servedBy(3) && c.server(3).acts())).isTrue();
    cluster.server(3).disk.forceNanos = 200 * SimulatedCluster.MILLI;
    cluster.run(3_000 + later);
    cluster.crash(3);
    cluster.server(3).disk.forceNanos = 0;
    cluster.startAll();
    healed(cluster);
  }

  /** The power of all servers fails at once, before their disks have forced the last entries. */
  private static void allPowerFails(SimulatedDriver driver, int later) {
    SimulatedCluster cluster = busy(driver);
    cluster.servers().forEach(server -> server.disk.forceNanos = 200 * SimulatedCluster.MILLI);
    cluster.run(3_050 + later);
    cluster.servers().forEach(server -> cluster.crash(server.id));
    cluster.servers().forEach(server -> server.disk.forceNanos = 0);
    healed(cluster);
  }

  /**
   * One server that forces late, of several, does no harm: the others have the entry, and who lost
   * it has restarted, so has no vote (R5). It takes a lone survivor, or all at once.
   */
  @Test
  void r2NothingIsAcknowledgedBeforeTheDisksHaveForcedIt() {
    SimulatedDriver hasty =
        new SimulatedDriver() {
          @Override
          boolean waitsForForce() {
            return false;
          }
        };
    atManyMoments(10, later -> powerFails(new SimulatedDriver(), later));
    assertThatThrownBy(() -> atManyMoments(100, later -> powerFails(hasty, later)))
        .isInstanceOf(InvariantViolation.class);
    atManyMoments(10, later -> allPowerFails(new SimulatedDriver(), later));
    assertThatThrownBy(() -> atManyMoments(100, later -> allPowerFails(hasty, later)))
        .isInstanceOf(InvariantViolation.class);
  }

  /** A force takes 200 ms: what is under way when the power fails depends on the moment. */
  private static void atManyMoments(int count, IntConsumer schedule) {
    for (int i = 0; i < count; i++) {
      schedule.accept(i * 23);
    }
  }

  /** A primary has entries that no other has, dies, and starts again when others went on. */
  private static void tailIsLeftBehind(SimulatedDriver driver) {
    SimulatedCluster cluster = busy(driver);
    cluster.part(Set.of(3), Set.of(1, 2));
    for (int i = 0; i < 10; i++) {
      cluster.propose(cluster.server(3));
    }
    cluster.run(200);
    cluster.crash(3);
    assertThat(cluster.runUntil(5_000, c -> c.servedBy(2))).isTrue();
    cluster.run(1_000);
    cluster.start(3);
    cluster.run(500);
    healed(cluster);
  }

  @Test
  void r18NothingUncommittedIsAppliedAtStart() {
    tailIsLeftBehind(new SimulatedDriver());
    assertThatThrownBy(
            () ->
                tailIsLeftBehind(
                    new SimulatedDriver() {
                      @Override
                      long appliesAtStart(long committed, long length) {
                        return length;
                      }
                    }))
        .isInstanceOf(InvariantViolation.class);
  }
}
