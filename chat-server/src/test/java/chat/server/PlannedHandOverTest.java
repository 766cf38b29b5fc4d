package chat.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import chat.server.replication.Change;
import chat.server.replication.Cluster;
import chat.server.replication.Epoch;
import chat.server.replication.Incarnation;
import chat.server.replication.ServerId;
import chat.server.replication.Status;
import chat.server.replication.View;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 30, unit = TimeUnit.SECONDS)
class PlannedHandOverTest {
  private static final ServerId ONE = new ServerId(1);
  private static final ServerId TWO = new ServerId(2);
  private static final ServerId THREE = new ServerId(3);

  private final PlannedHandOver handOver = new PlannedHandOver(THREE);
  private final List<Change> asked = new CopyOnWriteArrayList<>();
  private final CompletableFuture<Void> change = new CompletableFuture<>();

  @Test
  void itGoesToTheHighestThatIsThereAndLastsUntilThatOneActs() throws InterruptedException {
    handOver.changed(status(THREE, ONE, TWO));
    Thread stopping = begin();
    change.complete(null);
    assertThat(stopping.isAlive()).isTrue();
    handOver.changed(status(TWO, ONE, TWO));
    stopping.join();
    assertThat(asked).containsExactly(new Change.HandOver(TWO));
  }

  @Test
  void oneThatIsGoneIsNotWaitedFor() throws InterruptedException {
    handOver.changed(status(THREE, ONE, TWO));
    long begin = System.nanoTime();
    Thread stopping = begin();
    handOver.changed(status(THREE, ONE));
    stopping.join();
    // The patience is two seconds.
    assertThat(System.nanoTime() - begin).isLessThan(TimeUnit.MILLISECONDS.toNanos(1_500));
    assertThat(change).isNotDone();
  }

  @Test
  void oneThatIsAloneOrNoPrimaryAsksForNothing() {
    handOver.run(this::ask);
    handOver.changed(status(THREE));
    handOver.run(this::ask);
    handOver.changed(status(TWO, ONE, TWO));
    handOver.run(this::ask);
    assertThat(asked).isEmpty();
  }

  @Test
  void itLeavesAllTheSameWhenTheChangeIsRefusedOrTakesTooLong() {
    handOver.changed(status(THREE, ONE, TWO));
    change.completeExceptionally(new IllegalStateException("refused"));
    handOver.run(this::ask);
    handOver.run(
        wanted -> {
          asked.add(wanted);
          return new CompletableFuture<>();
        });
    assertThat(asked).hasSize(2);
  }

  private Thread begin() {
    Thread stopping = new Thread(() -> handOver.run(this::ask), "stopping");
    stopping.start();
    await().until(() -> !asked.isEmpty());
    return stopping;
  }

  private CompletableFuture<Void> ask(Change wanted) {
    asked.add(wanted);
    return change;
  }

  private static Status status(ServerId primary, ServerId... others) {
    TreeMap<ServerId, Incarnation> members = new TreeMap<>();
    TreeMap<ServerId, Status.Server> servers = new TreeMap<>();
    for (ServerId id : List.of(ONE, TWO, THREE)) {
      members.put(id, new Incarnation(1));
      boolean there = id.equals(THREE) || List.of(others).contains(id);
      servers.put(id, new Status.Server(Status.Role.BACKUP, there, 1, 1, "", false));
    }
    return new Status(
        Status.Role.BACKUP,
        new View(Epoch.of(1, primary), members, primary, Cluster.UNBORN),
        primary,
        primary.equals(THREE),
        false,
        List.of(),
        servers,
        new TreeMap<>());
  }
}
