package chat.server.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import chat.server.replication.Cluster;
import chat.server.replication.Epoch;
import chat.server.replication.HardState;
import chat.server.replication.Incarnation;
import chat.server.replication.ServerId;
import chat.server.replication.Status;
import chat.server.replication.View;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class LogTrimmerTest {
  private static final ServerId SELF = new ServerId(1);
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  private final List<Runnable> elsewhere = new ArrayList<>();
  private final List<Throwable> failures = new ArrayList<>();
  private final List<Long> trimmed = new ArrayList<>();
  private boolean failing;

  private final FakeDisk log =
      new FakeDisk(HardState.empty(View.unborn(Set.of(SELF)))) {
        @Override
        public List<Extent> extents() {
          return List.of(new Extent(1, 9), new Extent(11, 9), new Extent(21, 9));
        }

        @Override
        public void trimBefore(long index) throws IOException {
          if (failing) {
            throw new IOException("cannot delete");
          }
          trimmed.add(index);
        }
      };

  private final LogTrimmer trimmer = trimmer(15);

  @Test
  void itTrimsOnceASecondAndNeverOnTheThreadThatAsks() {
    trimmer.tick(0, level());
    assertThat(trimmed).isEmpty();
    assertThat(elsewhere).hasSize(1);
    // Not a second one while the first is under way, nor within the second.
    trimmer.tick(2 * SECOND, level());
    assertThat(elsewhere).hasSize(1);
    elsewhere.remove(0).run();
    assertThat(trimmed).containsExactly(11L);
    trimmer.tick(3 * SECOND - 1, level());
    assertThat(elsewhere).isEmpty();
    trimmer.tick(3 * SECOND, level());
    assertThat(elsewhere).hasSize(1);
  }

  @Test
  void nothingIsDoneWhileNothingMayGo() {
    trimmer.tick(0, null);
    trimmer(9).tick(0, level());
    assertThat(elsewhere).isEmpty();
    trimmer(10).tick(0, level());
    assertThat(elsewhere).hasSize(1);
  }

  @Test
  void aFileThatCannotBeDeletedIsFatal() {
    failing = true;
    trimmer.tick(0, level());
    elsewhere.remove(0).run();
    assertThat(failures).singleElement().isInstanceOf(IOException.class);
    trimmer.tick(2 * SECOND, level());
    assertThat(elsewhere).as("tried again").isEmpty();
  }

  private LogTrimmer trimmer(long safeIndex) {
    FakeState state = new FakeState(safeIndex);
    Applier applier = new Applier(state, log, failures::add);
    return new LogTrimmer(log, applier, LogRetention.DEFAULT, elsewhere::add, failures::add);
  }

  private static Status level() {
    TreeMap<ServerId, Incarnation> alone = new TreeMap<>(Map.of(SELF, new Incarnation(1)));
    Status.Server self = new Status.Server(Status.Role.PRIMARY, true, 25, 25, "", false);
    return new Status(
        Status.Role.PRIMARY,
        new View(Epoch.of(1, SELF), alone, SELF, Cluster.UNBORN),
        SELF,
        true,
        false,
        List.of(),
        new TreeMap<>(Map.of(SELF, self)),
        new TreeMap<>());
  }
}
