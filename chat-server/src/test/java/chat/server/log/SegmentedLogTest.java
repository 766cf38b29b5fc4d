package chat.server.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import chat.server.replication.Entry;
import chat.server.replication.Epoch;
import chat.server.replication.LogPosition;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.FileAlreadyExistsException;
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
      long bytes = log.extents().get(0).bytes();
      log.append(List.of(), 2);
      assertThat(log.extents().get(0).bytes()).isEqualTo(bytes);
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
    List<Entry> entries = LogFixtures.entries(LogPosition.START, 50, random);
    try (SegmentedLog log = SegmentedLog.open(directory, LogFixtures.SMALL)) {
      for (Entry entry : entries) {
        log.append(List.of(entry), entry.index());
      }
      log.sync();
      log.trimBefore(30);
      requireBeginsAround(log, entries, 30);
    }
    try (SegmentedLog log = SegmentedLog.open(directory, LogFixtures.SMALL)) {
      requireBeginsAround(log, entries, 30);
      assertThat(log.recordedCommitIndex()).isEqualTo(50);
    }
  }

  private static void requireBeginsAround(SegmentedLog log, List<Entry> entries, long index)
      throws IOException {
    long first = log.firstIndex();
    assertThat(first).isBetween(2L, index);
    assertThat(log.extents().get(1).firstIndex()).isGreaterThan(index);
    assertThatThrownBy(() -> log.read(first - 2, 50, 100))
        .isInstanceOf(NoSuchElementException.class)
        .hasMessageContaining("starts at " + first);
    assertThat(log.read(first - 1, 50, 1 << 20))
        .isEqualTo(entries.subList((int) first - 1, entries.size()));
    assertThat(log.position(first - 2)).isEmpty();
    assertThat(log.position(first - 1)).contains(entries.get((int) first - 2).position());
    assertThat(log.position(0)).contains(LogPosition.START);
  }

  @Test
  void whatIsNotRecordedAsCommittedIsNeverTrimmed() throws IOException {
    try (SegmentedLog log = SegmentedLog.open(directory, LogFixtures.SMALL)) {
      for (Entry entry : LogFixtures.entries(LogPosition.START, 50, random)) {
        log.append(List.of(entry), Math.min(entry.index(), 20));
      }
      log.trimBefore(Long.MAX_VALUE);
      assertThat(log.firstIndex()).isBetween(2L, 21L);
      log.truncateAfter(20);
      assertThat(log.last().index()).isEqualTo(20);
      log.trimBefore(Long.MAX_VALUE);
    }
    try (SegmentedLog log = SegmentedLog.open(directory, LogFixtures.SMALL)) {
      assertThat(log.last().index()).isEqualTo(20);
      assertThat(log.recordedCommitIndex()).isEqualTo(20);
    }
  }

  @Test
  void aTrimmedLogWhoseOnlySegmentIsEmptyOpens() throws IOException {
    List<Entry> entries = LogFixtures.entries(LogPosition.START, 50, random);
    long start = 0;
    try (SegmentedLog log = SegmentedLog.open(directory, LogFixtures.SMALL)) {
      for (Entry entry : entries) {
        if (log.extents().size() == 3) {
          break;
        }
        log.append(List.of(entry), 0);
      }
      log.sync();
      start = log.extents().get(2).firstIndex() - 1;
      log.append(List.of(), start);
      log.truncateAfter(start);
      // The cut to the end of the second removed the third; make it anew, and empty.
      log.append(entries.subList((int) start, (int) start + 1), start);
      log.append(LogFixtures.entries(log.last(), 10, random, 100), start);
      log.sync();
      log.trimBefore(start + 1);
      log.truncateAfter(start);
      assertThat(log.last().index()).isEqualTo(start);
    }
    try (SegmentedLog log = SegmentedLog.open(directory, LogFixtures.SMALL)) {
      LogPosition last = entries.get((int) start - 1).position();
      assertThat(log.last()).isEqualTo(last);
      assertThat(log.recordedCommitIndex()).isEqualTo(start);
      assertThat(log.position(start)).contains(last);
      List<Entry> more = LogFixtures.entries(last, 3, random);
      log.append(more, start);
      assertThat(log.read(start, Long.MAX_VALUE, 1 << 20)).isEqualTo(more);
    }
  }

  @Test
  void aCreatedLogGoesOnAfterItsStart() throws IOException {
    LogPosition start = new LogPosition((1L << 40) + 7, new Epoch(0x502), -3);
    List<Entry> entries = LogFixtures.entries(start, 30, random);
    try (SegmentedLog log = SegmentedLog.create(directory, start, LogFixtures.SMALL)) {
      requireEmptyAfter(log, start);
    }
    try (SegmentedLog log = SegmentedLog.open(directory, LogFixtures.SMALL)) {
      requireEmptyAfter(log, start);
      log.append(entries, start.index());
      log.sync();
      assertThatThrownBy(() -> log.truncateAfter(start.index() - 1))
          .isInstanceOf(IllegalArgumentException.class);
      log.truncateAfter(start.index() + 5);
    }
    try (SegmentedLog log = SegmentedLog.open(directory, LogFixtures.SMALL)) {
      assertThat(log.read(start.index(), Long.MAX_VALUE, 1 << 20)).isEqualTo(entries.subList(0, 5));
      log.truncateAfter(start.index());
      requireEmptyAfter(log, start);
    }
    assertThatThrownBy(() -> SegmentedLog.create(directory, start))
        .isInstanceOf(FileAlreadyExistsException.class);
  }

  private static void requireEmptyAfter(SegmentedLog log, LogPosition start) throws IOException {
    assertThat(log.last()).isEqualTo(start);
    assertThat(log.firstIndex()).isEqualTo(start.index() + 1);
    assertThat(log.recordedCommitIndex()).isEqualTo(start.index());
    assertThat(log.position(start.index())).contains(start);
    assertThat(log.read(start.index(), Long.MAX_VALUE, 100)).isEmpty();
    assertThatThrownBy(() -> log.read(start.index() - 1, Long.MAX_VALUE, 100))
        .isInstanceOf(NoSuchElementException.class);
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
  void readersSeeAWholeLogWhileItGrowsAndIsCutAndTrimmed() throws IOException {
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
          long committed = log.recordedCommitIndex();
          log.truncateAfter(committed + random.nextLong(log.last().index() - committed + 1));
        } else if (round % 10 == 4) {
          log.append(List.of(), random.nextLong(log.last().index() + 1));
          log.sync();
          log.trimBefore(random.nextLong(log.last().index() + 1));
        }
      }
      done.set(true);
      assertThat(reader.join()).isPositive();
    }
  }

  private static void requireChain(SegmentedLog log) {
    try {
      long after = log.firstIndex() - 1;
      LogPosition before = log.position(after).orElse(null);
      for (Entry entry : log.read(after, Long.MAX_VALUE, 1 << 20)) {
        assertThat(before == null || entry.follows(before)).isTrue();
        before = entry.position();
      }
    } catch (NoSuchElementException e) {
      // Trimmed since it was asked where it begins.
      assertThat(e).hasMessageContaining("no longer kept");
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static List<Long> indexes(List<Entry> entries) {
    return entries.stream().map(Entry::index).toList();
  }
}
