package chat.server.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import chat.server.replication.HardState;
import chat.server.replication.Identity;
import chat.server.replication.Incarnation;
import chat.server.replication.Replica;
import chat.server.replication.ServerId;
import chat.server.replication.Settings;
import chat.server.replication.View;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class LogReaderEndsTest {
  private static final ServerId SELF = new ServerId(1);

  /** Deleting large files takes its time. */
  private static final class SlowDisk extends FakeDisk {
    private final CountDownLatch begun = new CountDownLatch(1);
    private volatile boolean trimmed;

    SlowDisk(HardState started) {
      super(started);
    }

    @Override
    public List<Extent> extents() {
      return List.of(new Extent(1, 9), new Extent(2, 9), new Extent(3, 9), new Extent(4, 9));
    }

    @Override
    public void trimBefore(long index) throws IOException {
      begun.countDown();
      try {
        TimeUnit.MILLISECONDS.sleep(500);
      } catch (InterruptedException e) {
        throw new IOException(e);
      }
      trimmed = true;
    }
  }

  /** Or it would write into the log that the next server of this process has opened. */
  @Test
  void theLogIsNotTrimmedAfterTheLoopHasClosed() throws Exception {
    Set<ServerId> configured = Set.of(SELF);
    HardState started =
        HardState.empty(View.unborn(configured)).withIncarnation(new Incarnation(1));
    SlowDisk disk = new SlowDisk(started);
    List<Throwable> failures = new CopyOnWriteArrayList<>();
    Applier applier = new Applier(new FakeState(100), disk, failures::add);
    Replica replica =
        new Replica(
            new Identity(SELF, new TreeSet<>(configured), "disk", "cluster", ""),
            Settings.DEFAULT,
            started,
            Replica.RestoredLog.EMPTY,
            new SplittableRandom(1),
            System.nanoTime());
    ReplicaLoop loop =
        new ReplicaLoop(replica, disk, disk, applier, new LogRetention(1), failures::add);
    applier.start(applied -> {});
    loop.start(e -> {}, (target, answer) -> answer.accept(false), s -> {}, ending -> {});
    while (!disk.begun.await(20, TimeUnit.MILLISECONDS)) {
      var unused = loop.propose(new byte[] {1}, () -> true);
    }
    loop.close();
    assertThat(disk.trimmed).isTrue();
    applier.close();
    assertThat(failures).isEmpty();
  }
}
