package chat.server.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import chat.server.replication.Entry;
import chat.server.replication.Epoch;
import chat.server.replication.LogPosition;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SegmentedLogTest {
  @TempDir(factory = LogFixtures.InMemory.class)
  Path directory;

  private final Random random = new Random(1);

  @Test
  void anEmptyLogIsAtStart() throws IOException {
    try (SegmentedLog log = SegmentedLog.open(directory)) {
      assertThat(log.last()).isEqualTo(LogPosition.START);
      assertThat(log.recordedCommitIndex()).isZero();
      assertThat(LogFixtures.all(log)).isEmpty();
      assertThat(log.position(0)).contains(LogPosition.START);
      assertThat(log.position(1)).isEmpty();
    }
  }

  @Test
  void whatWasAppendedIsThereAfterReopening() throws IOException {
    List<Entry> entries = LogFixtures.entries(LogPosition.START, 100, random);
    try (SegmentedLog log = SegmentedLog.open(directory, LogFixtures.SMALL)) {
      for (int i = 0; i < 100; i += 5) {
        log.append(entries.subList(i, i + 5), i);
        log.sync();
      }
      assertThat(LogFixtures.all(log)).isEqualTo(entries);
    }
    assertThat(LogFixtures.segments(directory)).hasSizeGreaterThan(5);
    try (SegmentedLog log = SegmentedLog.open(directory, LogFixtures.SMALL)) {
      assertThat(log.last()).isEqualTo(entries.get(99).position());
      assertThat(log.recordedCommitIndex()).isEqualTo(95);
      List<Entry> read = LogFixtures.all(log);
      for (int i = 0; i < 100; i++) {
        assertThat(read.get(i)).isEqualTo(entries.get(i));
        assertThat(read.get(i).payload()).isEqualTo(entries.get(i).payload());
        assertThat(log.position(i + 1)).contains(entries.get(i).position());
      }
    }
  }

  @Test
  void commitIndexCountsOnceItIsDurableAndNeverBeyondTheLog() throws IOException {
    try (SegmentedLog log = SegmentedLog.open(directory)) {
      log.append(LogFixtures.entries(LogPosition.START, 3, random), 9);
      assertThat(log.recordedCommitIndex()).isZero();
      log.sync();
      assertThat(log.recordedCommitIndex()).isEqualTo(3);
      log.append(LogFixtures.entries(log.last(), 2, random), 1);
      log.append(List.of(), 4);
      log.sync();
      assertThat(log.recordedCommitIndex()).isEqualTo(4);
    }
    try (SegmentedLog log = SegmentedLog.open(directory)) {
      assertThat(log.recordedCommitIndex()).isEqualTo(4);
      assertThat(log.last().index()).isEqualTo(5);
    }
  }

  @Test
  void anAppendWithNothingNewWritesNothing() throws IOException {
    try (SegmentedLog log = SegmentedLog.open(directory)) {
      log.append(LogFixtures.entries(LogPosition.START, 3, random), 2);
      long bytes = Files.size(LogFixtures.segments(directory).get(0));
      log.append(List.of(), 2);
      assertThat(Files.size(LogFixtures.segments(directory).get(0))).isEqualTo(bytes);
    }
  }

  @Test
  void readKeepsItsBounds() throws IOException {
    for (long cacheBytes : List.of(0L, 500L, 1L << 20)) {
      Path place = Files.createDirectory(directory.resolve("cache" + cacheBytes));
      try (SegmentedLog log = SegmentedLog.open(place, new LogOptions(600, cacheBytes))) {
        LogPosition last = LogPosition.START;
        for (int i = 0; i < 30; i++) {
          Entry entry = Entry.following(last, new Epoch(7), new byte[10]);
          log.append(List.of(entry), 0);
          last = entry.position();
        }
        assertThat(indexes(log.read(3, 7, 1000))).containsExactly(4L, 5L, 6L, 7L);
        assertThat(indexes(log.read(3, 30, 35))).containsExactly(4L, 5L, 6L);
        assertThat(indexes(log.read(3, 30, 0))).containsExactly(4L);
        assertThat(indexes(log.read(0, 99, 1000))).hasSize(30);
        assertThat(log.read(30, 99, 1000)).isEmpty();
        assertThat(log.read(5, 5, 1000)).isEmpty();
      }
    }
  }

  @Test
  void appendRefusesEntriesThatDoNotFollow() throws IOException {
    try (SegmentedLog log = SegmentedLog.open(directory)) {
      List<Entry> entries = LogFixtures.entries(LogPosition.START, 3, random);
      assertThatThrownBy(() -> log.append(entries.subList(1, 3), 0))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("does not follow");
      log.append(entries, 0);
      assertThat(log.last().index()).isEqualTo(3);
    }
  }

  @Test
  void truncationNeverRemovesWhatIsCommitted() throws IOException {
    try (SegmentedLog log = SegmentedLog.open(directory, LogFixtures.SMALL)) {
      List<Entry> entries = LogFixtures.entries(LogPosition.START, 50, random);
      for (Entry entry : entries) {
        log.append(List.of(entry), Math.min(entry.index(), 12));
      }
      assertThatThrownBy(() -> log.truncateAfter(11))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("12");
      log.truncateAfter(12);
      log.sync();
      assertThat(LogFixtures.all(log)).isEqualTo(entries.subList(0, 12));
    }
    try (SegmentedLog log = SegmentedLog.open(directory, LogFixtures.SMALL)) {
      assertThat(log.recordedCommitIndex()).isEqualTo(12);
      assertThat(log.last().index()).isEqualTo(12);
      log.append(LogFixtures.entries(log.last(), 5, random), 14);
      log.sync();
      assertThat(log.recordedCommitIndex()).isEqualTo(14);
    }
  }

  @Test
  void truncationToNothingLeavesAnEmptyLog() throws IOException {
    try (SegmentedLog log = SegmentedLog.open(directory, LogFixtures.SMALL)) {
      for (Entry entry : LogFixtures.entries(LogPosition.START, 50, random)) {
        log.append(List.of(entry), 0);
      }
      log.truncateAfter(0);
      assertThat(log.last()).isEqualTo(LogPosition.START);
      List<Entry> others = LogFixtures.entries(LogPosition.START, 5, random);
      log.append(others, 0);
      log.sync();
      assertThat(LogFixtures.all(log)).isEqualTo(others);
    }
  }

  @Test
  void entriesThatAreNoLongerKeptAreSaidToBeSo() throws IOException {
    try (SegmentedLog log = SegmentedLog.open(directory, LogFixtures.SMALL)) {
      for (Entry entry : LogFixtures.entries(LogPosition.START, 50, random)) {
        log.append(List.of(entry), 0);
      }
      log.sync();
    }
    Files.delete(LogFixtures.segments(directory).get(0));
    try (SegmentedLog log = SegmentedLog.open(directory, LogFixtures.SMALL)) {
      assertThatThrownBy(() -> log.read(0, 50, 100)).isInstanceOf(NoSuchElementException.class);
      assertThat(log.last().index()).isEqualTo(50);
      assertThat(log.position(1)).isEmpty();
      assertThat(log.position(0)).contains(LogPosition.START);
    }
  }

  @Test
  void anAppendLargerThanASegmentGoesIntoOne() throws IOException {
    List<Entry> entries = LogFixtures.entries(LogPosition.START, 100, random);
    try (SegmentedLog log = SegmentedLog.open(directory, LogFixtures.SMALL)) {
      log.append(entries.subList(0, 1), 0);
      log.append(entries.subList(1, 100), 0);
      log.sync();
    }
    assertThat(LogFixtures.segments(directory)).hasSize(2);
    try (SegmentedLog log = SegmentedLog.open(directory, LogFixtures.SMALL)) {
      assertThat(LogFixtures.all(log)).isEqualTo(entries);
    }
  }

  @Test
  void afterAFailedWriteEveryLaterOneThrows() throws IOException {
    SegmentedLog log = SegmentedLog.open(directory);
    log.append(LogFixtures.entries(LogPosition.START, 1, random), 0);
    log.close();
    assertThatThrownBy(log::sync).isInstanceOf(ClosedChannelException.class);
    List<Entry> more = LogFixtures.entries(log.last(), 1, random);
    assertThatThrownBy(() -> log.append(more, 0)).hasMessageContaining("takes no more writes");
    assertThatThrownBy(() -> log.truncateAfter(0)).hasMessageContaining("takes no more writes");
    assertThatThrownBy(log::sync).hasMessageContaining("takes no more writes");
  }

  @Test
  void readersSeeAWholeLogWhileItGrowsAndIsCut() throws IOException {
    AtomicBoolean done = new AtomicBoolean();
    try (SegmentedLog log = SegmentedLog.open(directory, new LogOptions(5000, 3000))) {
      CompletableFuture<Long> reader =
          CompletableFuture.supplyAsync(
              () -> {
                long reads = 0;
                while (!done.get() || reads == 0) {
                  requireChain(log);
                  reads++;
                }
                return reads;
              });
      for (int round = 0; round < 150; round++) {
        log.append(LogFixtures.entries(log.last(), 1 + random.nextInt(10), random), 0);
        if (round % 10 == 9) {
          log.truncateAfter(random.nextLong(log.last().index() + 1));
        }
      }
      done.set(true);
      assertThat(reader.join()).isPositive();
    }
  }

  private static void requireChain(SegmentedLog log) {
    try {
      LogPosition before = LogPosition.START;
      for (Entry entry : log.read(0, Long.MAX_VALUE, 1 << 20)) {
        assertThat(entry.follows(before)).isTrue();
        before = entry.position();
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static List<Long> indexes(List<Entry> entries) {
    return entries.stream().map(Entry::index).toList();
  }
}
