package chat.server.log;

import static chat.server.replication.LogPosition.START;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import chat.server.replication.Entry;
import chat.server.replication.Epoch;
import chat.server.replication.LogPosition;
import chat.server.replication.ServerId;
import chat.server.runtime.ReplicatedLog;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.io.TempDir;

/** Random operations against a list in memory. {@code -Dseed=N} repeats one run. */
class SegmentedLogModelTest {
  @TempDir(factory = LogFixtures.InMemory.class)
  Path directory;

  private final List<Entry> model = new ArrayList<>();
  private LogPosition start = LogPosition.START;
  private long written;
  private long durable;
  private long trimmedTo = 1;

  @RepeatedTest(12)
  void behavesLikeAList() throws IOException {
    long seed = Long.getLong("seed", System.nanoTime());
    System.out.println("SegmentedLogModelTest seed " + seed);
    Random random = new Random(seed);
    LogOptions options =
        new LogOptions(200 + random.nextInt(3000), random.nextBoolean() ? 0 : 2000);
    if (random.nextBoolean()) {
      start = new LogPosition(random.nextLong(1L << 41), Epoch.of(7, new ServerId(2)), 99);
    }
    written = start.index();
    durable = start.index();
    SegmentedLog log = SegmentedLog.create(directory, start, options);
    for (int step = 0; step < 400; step++) {
      switch (random.nextInt(13)) {
        case 0 -> {
          long index = written + random.nextLong(end() - written + 1);
          if (index < end()) {
            durable = written;
          }
          log.truncateAfter(index);
          model.subList((int) (index - start.index()), model.size()).clear();
        }
        case 1 -> {
          log.close();
          log = SegmentedLog.open(directory, options);
          durable = written;
        }
        case 2, 3 -> {
          log.sync();
          durable = written;
        }
        case 4 -> read(log, random);
        case 5 -> trim(log, random);
        default -> {
          List<Entry> batch = LogFixtures.entries(log.last(), random.nextInt(8), random);
          model.addAll(batch);
          written = written + random.nextLong(end() - written + 1);
          log.append(batch, written);
          // A full segment is forced before the next is made.
          durable = Math.max(durable, log.recordedCommitIndex());
        }
      }
      assertThat(log.last()).isEqualTo(position(end()));
      assertThat(log.recordedCommitIndex()).isEqualTo(durable).isLessThanOrEqualTo(written);
    }
    assertThat(log.read(log.firstIndex() - 1, Long.MAX_VALUE, Integer.MAX_VALUE))
        .isEqualTo(after(log.firstIndex() - 1));
    log.close();
  }

  private void trim(SegmentedLog log, Random random) throws IOException {
    long index = start.index() + random.nextLong(end() - start.index() + 2);
    log.trimBefore(index);
    trimmedTo = Math.max(trimmedTo, Math.min(index, durable + 1));
    assertThat(log.firstIndex()).isLessThanOrEqualTo(Math.max(start.index() + 1, trimmedTo));
    // Whole pieces: the one that holds the index is the first, or was already gone before. What was
    // the last piece then, with nothing behind it, has stayed.
    List<ReplicatedLog.Extent> extents = log.extents();
    assertThat(extents.get(0).firstIndex()).isEqualTo(log.firstIndex());
    if (extents.size() > 1) {
      assertThat(extents.get(1).firstIndex()).isGreaterThanOrEqualTo(trimmedTo);
    }
    assertThat(LogFixtures.segments(directory)).hasSameSizeAs(extents);
  }

  private long end() {
    return start.index() + model.size();
  }

  private LogPosition position(long index) {
    return index == start.index() ? start : model.get((int) (index - start.index()) - 1).position();
  }

  private List<Entry> after(long index) {
    return model.subList((int) (index - start.index()), model.size());
  }

  private void read(SegmentedLog log, Random random) throws IOException {
    long kept = log.firstIndex() - 1;
    long after = start.index() + random.nextLong(end() - start.index() + 1);
    if (after < kept) {
      assertThatThrownBy(() -> log.read(after, Long.MAX_VALUE, 1 << 20))
          .isInstanceOf(NoSuchElementException.class);
      assertThat(log.position(after)).isEqualTo(Optional.ofNullable(after == 0 ? START : null));
      assertThat(log.position(kept)).contains(position(kept));
      return;
    }
    long upTo = after + random.nextLong(end() - after + 1);
    List<Entry> expected = after(after).subList(0, (int) (upTo - after));
    assertThat(log.read(after, upTo, 1 << 20)).isEqualTo(expected);
    List<Entry> some = log.read(after, upTo, 50);
    assertThat(some).isEqualTo(expected.subList(0, some.size()));
    assertThat(!some.isEmpty() || after == upTo).isTrue();
    assertThat(log.position(upTo)).contains(position(upTo));
  }
}
