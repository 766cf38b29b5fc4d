package chat.server.replication;

import static chat.server.replication.Schedules.born;
import static chat.server.replication.Schedules.id;
import static chat.server.replication.Schedules.installed;
import static chat.server.replication.Schedules.promised;
import static chat.server.replication.Schedules.propose;
import static chat.server.replication.Schedules.servesWithout;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/**
 * What is fetched comes later than it is asked for again: over a slow link, or from a cold start.
 */
class SlowLinkTest {
  private static final long LATE_MILLIS =
      2 * Settings.DEFAULT.appendTimeout() / SimulatedCluster.MILLI;

  @Test
  void whoLacksTheEndOfTheLogAdoptsItAllTheSame() {
    SimulatedCluster cluster = whereServerTwoLacksTheEnd();
    int end = cluster.server(3).disk.length();
    cluster.slowness = e -> e.message() instanceof Message.Fetched ? LATE_MILLIS : 0;
    cluster.startAll();
    assertThat(cluster.runUntil(3_000, c -> c.servedBy(3))).isTrue();
    assertThat(cluster.server(2).disk.length()).isGreaterThanOrEqualTo(end);
  }

  @Test
  void whatARoundFetchesIsAskedForAgainWhenTheConnectionBreaks() {
    SimulatedCluster cluster = whereServerTwoLacksTheEnd();
    cluster.slowness = e -> e.message() instanceof Message.Fetched ? 60_000 : 0;
    AtomicInteger asked =
        counted(cluster, e -> e.message() instanceof Message.FetchRequest r && r.upToIndex() > 0);
    cluster.startAll();
    assertThat(cluster.runUntil(2_000, c -> asked.get() == 2)).isTrue();
    cluster.run(350);
    cluster.breakConnection(2, 3);
    cluster.run(20);
    assertThat(asked).as("the next would be after 0.6 s").hasValue(3);
  }

  @Test
  void whoWasAwayIsTakenInAgainAndHardlyInterruptsTheService() {
    SimulatedCluster cluster = withoutServerOne();
    cluster.slowness = e -> e.message() instanceof Message.Fetched ? LATE_MILLIS : 0;
    cluster.start(1);
    int served = 0;
    for (int i = 0; i < 1_000; i++) {
      cluster.run(10);
      served += cluster.servedBy(3) ? 1 : 0;
      assertThat(installed(cluster, 3).has(id(2))).as(cluster::transcript).isTrue();
    }
    assertThat(cluster.complete()).as(cluster::transcript).isTrue();
    assertThat(served).as("of 10 s, in hundredths").isGreaterThan(850);
    assertThat(cluster.transcript()).doesNotContain("[2] did not", "[1, 2] did not");
  }

  @Test
  void aServerIsTakenInWhereEveryMessageIsSlow() {
    for (int late : new int[] {30, 35, 40, 60, 80}) {
      SimulatedCluster cluster = withoutServerOne();
      cluster.slowness = e -> late;
      cluster.start(1);
      int served = 0;
      for (int i = 0; i < 1_000; i++) {
        cluster.run(10);
        served += cluster.servedBy(3) ? 1 : 0;
      }
      assertThat(cluster.complete()).as(late + " ms " + cluster.transcript()).isTrue();
      assertThat(served).as(late + " ms, of 10 s, in hundredths").isGreaterThan(750);
    }
  }

  @Test
  void whoDiesWhileANewcomerAcceptsIsNotWaitedFor() {
    SimulatedCluster cluster = withoutServerOne();
    cluster.held = e -> e.message() instanceof Message.AcceptRequest && e.to().value() == 1;
    cluster.start(1);
    assertThat(cluster.runUntil(3_000, c -> promised(c, 1) && promised(c, 2))).isTrue();
    cluster.run(10);
    cluster.crash(2);
    cluster.held = e -> false;
    assertThat(cluster.runUntil(150, c -> servesWithout(c, 3, 2))).as(cluster::transcript).isTrue();
    assertThat(installed(cluster, 3).has(id(1))).as(cluster::transcript).isTrue();
  }

  @Test
  void aStartOfAllTakesOneRoundHoweverSlowTheyAre() {
    SimulatedCluster cluster = born(new ViewRules(), 3);
    cluster.ids().forEach(cluster::crash);
    cluster.slowness = e -> e.message() instanceof Message.Promise ? LATE_MILLIS : 0;
    cluster.startAll();
    assertThat(cluster.runUntil(2_000, c -> c.servedBy(3))).isTrue();
    assertThat(cluster.transcript()).doesNotContain("did not promise");
  }

  @Test
  void whatIsSlowIsNotAskedForAllTheTime() {
    SimulatedCluster cluster = withoutServerOne();
    cluster.slowness = e -> e.message() instanceof Message.Fetched ? 60_000 : 0;
    // The copy of the log, not what a round asks for.
    AtomicInteger asked =
        counted(cluster, e -> e.message() instanceof Message.FetchRequest r && r.upToIndex() == 0);
    cluster.passes = cluster.passes.and(e -> !(e.message() instanceof Message.JoinRequest));
    cluster.start(1);
    cluster.run(10_000);
    assertThat(asked).hasValueBetween(4, 6);
    asked.set(0);
    cluster.breakConnection(1, 3);
    cluster.run(50);
    assertThat(asked).as("what went with the connection, at once").hasValue(1);
  }

  /** How many of these messages are sent from now on. */
  private static AtomicInteger counted(SimulatedCluster cluster, Predicate<Envelope> which) {
    AtomicInteger count = new AtomicInteger();
    cluster.passes =
        e -> {
          count.addAndGet(which.test(e) ? 1 : 0);
          return true;
        };
    return count;
  }

  /** All are down. */
  private static SimulatedCluster whereServerTwoLacksTheEnd() {
    SimulatedCluster cluster = born(new ViewRules(), 3);
    cluster.passes = e -> !(e.to().value() == 2 && e.message() instanceof Message.AppendRequest);
    cluster.propose(cluster.server(3));
    cluster.run(20);
    assertThat(cluster.server(2).disk.length()).isLessThan(cluster.server(3).disk.length());
    cluster.ids().forEach(cluster::crash);
    cluster.passes = e -> true;
    return cluster;
  }

  /** It lacks the end of the log. */
  private static SimulatedCluster withoutServerOne() {
    SimulatedCluster cluster = born(new ViewRules(), 3);
    cluster.crash(1);
    assertThat(cluster.runUntil(3_000, c -> c.servedBy(3))).isTrue();
    propose(cluster, 3, 5);
    return cluster;
  }
}
