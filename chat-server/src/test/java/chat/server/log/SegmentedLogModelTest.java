package chat.server.log;

import static org.assertj.core.api.Assertions.assertThat;

import chat.server.replication.Entry;
import chat.server.replication.LogPosition;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.io.TempDir;

/** Random operations against a list in memory. {@code -Dseed=N} repeats one run. */
class SegmentedLogModelTest {
  @TempDir(factory = LogFixtures.InMemory.class)
  Path directory;

  @RepeatedTest(8)
  void behavesLikeAList() throws IOException {
    long seed = Long.getLong("seed", System.nanoTime());
    System.out.println("SegmentedLogModelTest seed " + seed);
    Random random = new Random(seed);
    LogOptions options =
        new LogOptions(200 + random.nextInt(3000), random.nextBoolean() ? 0 : 2000);
    List<Entry> model = new ArrayList<>();
    long written = 0;
    long durable = 0;
    SegmentedLog log = SegmentedLog.open(directory, options);
    for (int step = 0; step < 400; step++) {
      switch (random.nextInt(12)) {
        case 0 -> {
          long index = written + random.nextLong(model.size() - written + 1);
          if (index < model.size()) {
            durable = written;
          }
          log.truncateAfter(index);
          model.subList((int) index, model.size()).clear();
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
        case 4 -> read(log, model, random);
        default -> {
          List<Entry> batch = LogFixtures.entries(log.last(), random.nextInt(8), random);
          model.addAll(batch);
          written = written + random.nextLong(model.size() - written + 1);
          log.append(batch, written);
          // A full segment is forced before the next is made.
          durable = Math.max(durable, log.recordedCommitIndex());
        }
      }
      assertThat(log.last())
          .isEqualTo(model.isEmpty() ? LogPosition.START : model.get(model.size() - 1).position());
      assertThat(log.recordedCommitIndex()).isEqualTo(durable).isLessThanOrEqualTo(written);
    }
    assertThat(LogFixtures.all(log)).isEqualTo(model);
    log.close();
  }

  private static void read(SegmentedLog log, List<Entry> model, Random random) throws IOException {
    int after = random.nextInt(model.size() + 1);
    int upTo = after + random.nextInt(model.size() - after + 1);
    assertThat(log.read(after, upTo, 1 << 20)).isEqualTo(model.subList(after, upTo));
    List<Entry> some = log.read(after, upTo, 50);
    assertThat(some).isEqualTo(model.subList(after, after + some.size()));
    assertThat(!some.isEmpty() || after == upTo).isTrue();
    if (upTo > 0) {
      assertThat(log.position(upTo)).contains(model.get(upTo - 1).position());
    }
  }
}
