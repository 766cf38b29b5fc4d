package chat.server.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import chat.server.replication.Entry;
import chat.server.replication.Epoch;
import chat.server.replication.LogPosition;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The zeros that small appends are written into: where they are, and where they never are. */
class SegmentWriterTest {
  private static final Path WRITTEN = Path.of("/proc/self/io");

  @TempDir(factory = LogFixtures.InMemory.class)
  Path place;

  private final Random random = new Random(5);
  private Path directory;
  private Path killed;

  @BeforeEach
  void makeDirectories() throws IOException {
    directory = Files.createDirectory(place.resolve("log"));
    killed = place.resolve("killed");
  }

  @Test
  void smallAppendsLeaveTheSizeOfTheFileAsItIs() throws IOException {
    try (SegmentedLog log = SegmentedLog.open(directory)) {
      Set<Long> sizes = new HashSet<>();
      int appends = 0;
      while (log.extents().get(0).bytes() < 2 * SegmentWriter.FILL_BYTES + 1000) {
        log.append(LogFixtures.entries(log.last(), 2, random), log.last().index());
        log.sync();
        sizes.add(Files.size(only(directory)));
        appends++;
      }
      assertThat(appends).isGreaterThan(1000);
      // One size more where an append just crosses what was filled.
      assertThat(sizes).hasSizeBetween(3, 5);
    }
  }

  @Test
  void largeAppendsAreFollowedByNothing() throws IOException {
    try (SegmentedLog log = SegmentedLog.open(directory)) {
      for (int i = 0; i < 3; i++) {
        log.append(List.of(large(log.last())), 0);
        assertThat(Files.size(only(directory))).isEqualTo(log.extents().get(0).bytes());
      }
    }
  }

  @Test
  void aLargeAppendIntoZerosKeepsThoseBehindIt() throws IOException {
    try (SegmentedLog log = SegmentedLog.open(directory)) {
      log.append(LogFixtures.entries(log.last(), 1, random), 0);
      log.append(List.of(large(log.last())), 0);
      log.append(LogFixtures.entries(log.last(), 1, random), 0);
      assertThat(Files.size(only(directory))).isEqualTo(SegmentWriter.FILL_BYTES);
      LogFixtures.copy(directory, killed);
    }
    requireOpens(killed, 3);
  }

  @Test
  void whatAKilledServerLeavesIsWholeAndNothingOfItTorn() throws IOException {
    try (SegmentedLog log = SegmentedLog.open(directory)) {
      log.append(LogFixtures.entries(log.last(), 20, random), 0);
      LogFixtures.copy(directory, killed);
    }
    try (FileChannel channel = FileChannel.open(only(killed), StandardOpenOption.READ)) {
      SegmentScan scan = SegmentScan.of(only(killed), channel, true);
      assertThat(scan.last().index()).isEqualTo(20);
      assertThat(scan.tornBytes()).isZero();
      assertThat(scan.validBytes() + scan.bytesBeyond()).isEqualTo(SegmentWriter.FILL_BYTES);
    }
    requireOpens(killed, 20);
  }

  @Test
  void whatIsNotZerosBehindTheLastEntryIsTorn() throws IOException {
    try (SegmentedLog log = SegmentedLog.open(directory)) {
      log.append(LogFixtures.entries(log.last(), 20, random), 0);
      LogFixtures.copy(directory, killed);
    }
    byte[] bytes = Files.readAllBytes(only(killed));
    bytes[bytes.length - 1] = 1;
    Files.write(only(killed), bytes);
    try (FileChannel channel = FileChannel.open(only(killed), StandardOpenOption.READ)) {
      SegmentScan scan = SegmentScan.of(only(killed), channel, true);
      assertThat(scan.tornBytes()).isEqualTo(scan.bytesBeyond()).isPositive();
    }
    requireOpens(killed, 20);
  }

  @Test
  void onlyTheLastSegmentEverHasThem() throws IOException {
    LogOptions options = new LogOptions(10_000, 0);
    try (SegmentedLog log = SegmentedLog.open(directory, options)) {
      while (log.extents().size() < 4) {
        log.append(LogFixtures.entries(log.last(), 2, random), log.last().index());
        List<Path> files = LogFixtures.segments(directory);
        for (int i = 0; i < files.size() - 1; i++) {
          assertThat(Files.size(files.get(i))).isEqualTo(log.extents().get(i).bytes());
        }
      }
      assertThat(Files.size(LogFixtures.segments(directory).get(3))).isEqualTo(10_000);
      LogFixtures.copy(directory, killed);
      requireOpens(killed, log.last().index());
    }
  }

  @Test
  void aLogThatWasClosedOrCutEndsWithItsLastRecord() throws IOException {
    try (SegmentedLog log = SegmentedLog.open(directory)) {
      log.append(LogFixtures.entries(log.last(), 20, random), 0);
      log.truncateAfter(10);
      assertThat(Files.size(only(directory))).isEqualTo(log.extents().get(0).bytes());
      log.append(LogFixtures.entries(log.last(), 1, random), 0);
      assertThat(Files.size(only(directory))).isEqualTo(SegmentWriter.FILL_BYTES);
    }
    try (SegmentedLog log = SegmentedLog.open(directory)) {
      assertThat(log.last().index()).isEqualTo(11);
      assertThat(Files.size(only(directory))).isEqualTo(log.extents().get(0).bytes());
    }
  }

  /** Twenty times as much was written while the zeros were one piece to the system. */
  @Test
  void aSmallAppendCostsTheDiskAPageOrTwo(@TempDir Path disk) throws IOException {
    assumeThat(WRITTEN).exists();
    int appends = 100;
    try (SegmentedLog log = SegmentedLog.open(disk)) {
      log.append(LogFixtures.entries(log.last(), 1, random), 0);
      log.sync();
      long before = bytesWritten();
      for (int i = 0; i < appends; i++) {
        log.append(LogFixtures.entries(log.last(), 1, random), 0);
        log.sync();
      }
      assertThat(bytesWritten() - before).isLessThan(appends * 16L * 1024);
    }
  }

  private static long bytesWritten() throws IOException {
    return Files.readAllLines(WRITTEN).stream()
        .filter(line -> line.startsWith("write_bytes: "))
        .mapToLong(line -> Long.parseLong(line.substring("write_bytes: ".length())))
        .sum();
  }

  private static void requireOpens(Path directory, long lastIndex) throws IOException {
    try (SegmentedLog log = SegmentedLog.open(directory)) {
      assertThat(log.last().index()).isEqualTo(lastIndex);
      List<Entry> more = new ArrayList<>(LogFixtures.entries(log.last(), 3, new Random(1)));
      log.append(more, 0);
      assertThat(log.read(lastIndex, Long.MAX_VALUE, 1 << 20)).isEqualTo(more);
    }
  }

  private static Entry large(LogPosition last) {
    return Entry.following(last, new Epoch(1), new byte[5000]);
  }

  private static Path only(Path directory) throws IOException {
    List<Path> files = LogFixtures.segments(directory);
    assertThat(files).hasSize(1);
    return files.get(0);
  }
}
