package chat.server.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import chat.server.files.UnknownFormatException;
import chat.server.replication.Entry;
import chat.server.replication.LogPosition;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every byte of a small log: what is cut, what is refused. */
class SegmentedLogCrashTest {
  @TempDir(factory = LogFixtures.InMemory.class)
  Path place;

  private final Random random = new Random(2);
  private Path log;
  private Path copy;
  private List<Entry> entries = List.of();

  @BeforeEach
  void writeAnAcknowledgedLogOfSeveralSegments() throws IOException {
    log = Files.createDirectory(place.resolve("log"));
    copy = place.resolve("copy");
    entries = LogFixtures.entries(LogPosition.START, 24, random, 12);
    try (SegmentedLog writing = SegmentedLog.open(log, new LogOptions(420, 0))) {
      for (int i = 0; i < 24; i += 3) {
        writing.append(entries.subList(i, i + 3), i);
        writing.sync();
      }
    }
    assertThat(LogFixtures.segments(log)).hasSizeBetween(3, 5);
  }

  @Test
  void aLastSegmentThatEndsAnywhereIsCutToWholeEntries() throws IOException {
    Path last = lastSegment();
    byte[] bytes = Files.readAllBytes(last);
    int lengthBefore = 0;
    for (int end = bytes.length; end >= SegmentHeader.BYTES; end--) {
      int kept = openedWith(last, Arrays.copyOf(bytes, end));
      assertThat(kept).isGreaterThanOrEqualTo(firstIndexOf(last) - 1);
      assertThat(lengthBefore == 0 || kept <= lengthBefore).isTrue();
      lengthBefore = kept;
    }
    assertThat(lengthBefore).isEqualTo(firstIndexOf(last) - 1);
  }

  @Test
  void aTailThatNeverLeftTheCacheReadsAsZerosAndIsCut() throws IOException {
    Path last = lastSegment();
    byte[] bytes = Files.readAllBytes(last);
    for (int end = SegmentHeader.BYTES; end < bytes.length; end++) {
      byte[] torn = bytes.clone();
      Arrays.fill(torn, end, torn.length, (byte) 0);
      assertThat(openedWith(last, Arrays.copyOf(torn, 5000))).isLessThanOrEqualTo(24);
    }
  }

  @Test
  void anEarlierSegmentThatIsCutAnywhereIsRefused() throws IOException {
    for (Path file : LogFixtures.segments(log).subList(0, 2)) {
      byte[] bytes = Files.readAllBytes(file);
      // Cut exactly behind an entry, what is left is valid: the next segment does not follow then.
      // Cut before the last mark only, no entry is missing.
      for (int end = 0; end < bytes.length - LogRecord.MARK_BYTES; end++) {
        refusedWith(file, Arrays.copyOf(bytes, end));
      }
    }
  }

  @Test
  void aFlippedBitAnywhereButInTheLastMarkIsRefused() throws IOException {
    for (Path file : LogFixtures.segments(log)) {
      byte[] bytes = Files.readAllBytes(file);
      int end = file.equals(lastSegment()) ? bytes.length - LogRecord.MARK_BYTES : bytes.length;
      for (int at = 0; at < end; at++) {
        byte[] flipped = bytes.clone();
        flipped[at] ^= (byte) (1 << random.nextInt(8));
        refusedWith(file, flipped);
      }
    }
  }

  @Test
  void aFlippedBitInTheLastMarkLosesNoEntry() throws IOException {
    Path last = lastSegment();
    byte[] bytes = Files.readAllBytes(last);
    for (int at = bytes.length - LogRecord.MARK_BYTES; at < bytes.length; at++) {
      byte[] flipped = bytes.clone();
      flipped[at] ^= (byte) (1 << random.nextInt(8));
      assertThat(openedWith(last, flipped)).isEqualTo(24);
    }
  }

  @Test
  void aHoleInTheLastUnforcedWriteIsCutButNotInOneThatWasForced() throws IOException {
    Path place2 = Files.createDirectory(place.resolve("hole"));
    List<Entry> many = LogFixtures.entries(LogPosition.START, 300, random);
    try (SegmentedLog writing = SegmentedLog.open(place2)) {
      writing.append(many.subList(0, 100), 0);
      writing.sync();
      writing.append(many.subList(100, 200), 0);
      writing.append(many.subList(200, 300), 50);
    }
    log = place2;
    entries = many;
    Path file = lastSegment();
    byte[] bytes = Files.readAllBytes(file);
    int forced = forcedBytes(file);
    for (int sector = 512; sector + 512 < bytes.length; sector += 512) {
      byte[] torn = bytes.clone();
      Arrays.fill(torn, sector, sector + 512, (byte) 0);
      if (sector >= forced) {
        assertThat(openedWith(file, torn)).isBetween(100, 299);
      } else {
        refusedWith(file, torn);
      }
    }
  }

  @Test
  void aMissingSegmentInTheMiddleIsRefused() throws IOException {
    LogFixtures.copy(log, copy);
    Files.delete(LogFixtures.segments(copy).get(1));
    assertThatThrownBy(() -> SegmentedLog.open(copy))
        .isInstanceOf(DamagedLogException.class)
        .hasMessageContaining("missing")
        .hasMessageContaining("start the server with an empty one");
  }

  @Test
  void aSegmentOfANewerVersionIsRefusedAsSuch() throws IOException {
    LogFixtures.copy(log, copy);
    Path file = LogFixtures.segments(copy).get(0);
    Files.write(file, newerHeader(Files.readAllBytes(file)));
    assertThatThrownBy(() -> SegmentedLog.open(copy))
        .isInstanceOf(UnknownFormatException.class)
        .hasMessageContaining("format version 2");
  }

  @Test
  void everyStepOfATruncationLeavesALogThatOpens() throws IOException {
    Path after = place.resolve("after");
    LogFixtures.copy(log, after);
    try (SegmentedLog cut = SegmentedLog.open(after, LogFixtures.SMALL)) {
      cut.truncateAfter(22 - 1);
    }
    try (SegmentedLog cut = SegmentedLog.open(after, LogFixtures.SMALL)) {
      assertThat(cut.recordedCommitIndex()).isEqualTo(21);
      assertThat(LogFixtures.all(cut)).isEqualTo(entries.subList(0, 21));
    }
    // The steps: the floor stored; each later segment gone, last first; the remaining one cut.
    LogFixtures.copy(log, copy);
    Files.copy(after.resolve("commit-floor"), copy.resolve("commit-floor"));
    requireCommitted(copy, 21);
    Files.write(copy.resolve("commit-floor.tmp"), new byte[] {1, 2, 3});
    requireCommitted(copy, 21);
    List<Path> kept = LogFixtures.segments(after);
    List<Path> files = LogFixtures.segments(copy);
    for (int i = files.size() - 1; i >= kept.size(); i--) {
      Files.delete(files.get(i));
      requireCommitted(copy, 21);
    }
    // A commit that reached the floor only, and entries that then vanish, are not overlooked.
    Files.delete(LogFixtures.segments(copy).get(LogFixtures.segments(copy).size() - 1));
    assertThatThrownBy(() -> SegmentedLog.open(copy))
        .isInstanceOf(DamagedLogException.class)
        .hasMessageContaining("its end is missing");
  }

  @Test
  void aSegmentBeingMadeWhenTheServerDiedIsNoPartOfTheLog() throws IOException {
    LogFixtures.copy(log, copy);
    Files.write(copy.resolve("00000000000000000025.log.tmp"), new byte[10]);
    try (SegmentedLog opened = SegmentedLog.open(copy)) {
      assertThat(opened.last().index()).isEqualTo(24);
    }
  }

  @Test
  void everyStepOfATrimmingLeavesALogThatOpens() throws IOException {
    Path after = place.resolve("after");
    LogFixtures.copy(log, after);
    try (SegmentedLog trimmed = SegmentedLog.open(after, LogFixtures.SMALL)) {
      trimmed.trimBefore(21);
    }
    int gone = LogFixtures.segments(log).size() - LogFixtures.segments(after).size();
    assertThat(gone).isGreaterThan(1);
    // The steps: the floor stored; each earlier segment gone, the first one first.
    LogFixtures.copy(log, copy);
    Files.write(copy.resolve("commit-floor.tmp"), new byte[] {1, 2, 3});
    requireSuffix(copy);
    Files.copy(after.resolve("commit-floor"), copy.resolve("commit-floor"));
    requireSuffix(copy);
    for (int i = 0; i < gone; i++) {
      Files.delete(LogFixtures.segments(copy).get(0));
      requireSuffix(copy);
    }
    assertThat(LogFixtures.segments(copy)).hasSameSizeAs(LogFixtures.segments(after));
    // And with a torn tail on top, cut anywhere in what is not committed.
    Path last = LogFixtures.segments(copy).get(LogFixtures.segments(copy).size() - 1);
    byte[] bytes = Files.readAllBytes(last);
    for (int end = bytes.length; end > bytes.length - LogRecord.MARK_BYTES; end--) {
      Files.write(last, Arrays.copyOf(bytes, end));
      requireSuffix(copy);
    }
  }

  @Test
  void aFirstSegmentThatNobodyTrimmedIsMissed() throws IOException {
    LogFixtures.copy(log, copy);
    Files.delete(LogFixtures.segments(copy).get(0));
    assertThatThrownBy(() -> SegmentedLog.open(copy))
        .isInstanceOf(DamagedLogException.class)
        .hasMessageContaining("beginning of the log is missing");
  }

  @Test
  void aCreationThatACrashBrokeOffIsRefused() throws IOException {
    LogPosition start = entries.get(9).position();
    SegmentedLog.create(Files.createDirectory(copy), start).close();
    Path segment = LogFixtures.segments(copy).get(0);
    Path half = Files.createDirectory(place.resolve("half"));
    Files.copy(segment, half.resolve(copy.relativize(segment)));
    assertThatThrownBy(() -> SegmentedLog.open(half)).isInstanceOf(DamagedLogException.class);
    Files.delete(segment);
    assertThatThrownBy(() -> SegmentedLog.open(copy)).isInstanceOf(DamagedLogException.class);
  }

  private void requireSuffix(Path directory) throws IOException {
    try (SegmentedLog opened = SegmentedLog.open(directory, LogFixtures.SMALL)) {
      long before = opened.firstIndex() - 1;
      assertThat(opened.read(before, Long.MAX_VALUE, 1 << 20))
          .isEqualTo(entries.subList((int) before, entries.size()));
      assertThat(opened.recordedCommitIndex()).isEqualTo(21);
    }
  }

  private void requireCommitted(Path directory, long commit) throws IOException {
    try (SegmentedLog opened = SegmentedLog.open(directory, LogFixtures.SMALL)) {
      assertThat(opened.recordedCommitIndex()).isEqualTo(commit);
      List<Entry> found = LogFixtures.all(opened);
      assertThat(found).hasSizeGreaterThanOrEqualTo((int) commit);
      assertThat(found).isEqualTo(entries.subList(0, found.size()));
    }
  }

  /** Opens a copy with this content in one file; it must be a prefix. Its length. */
  private int openedWith(Path file, byte[] content) throws IOException {
    int length = openedWithJust(file, content);
    // A server that was killed leaves zeros behind: nothing else may come of it.
    assertThat(openedWithJust(file, Arrays.copyOf(content, content.length + 300)))
        .isEqualTo(length);
    return length;
  }

  private int openedWithJust(Path file, byte[] content) throws IOException {
    LogFixtures.copy(log, copy);
    Files.write(copy.resolve(log.relativize(file)), content);
    int length;
    try (SegmentedLog opened = SegmentedLog.open(copy, LogFixtures.SMALL)) {
      List<Entry> found = LogFixtures.all(opened);
      assertThat(found).isEqualTo(entries.subList(0, found.size()));
      assertThat(opened.recordedCommitIndex()).isLessThanOrEqualTo(found.size());
      length = found.size();
    }
    // What was cut is gone: a second start has nothing to say.
    try (SegmentedLog again = SegmentedLog.open(copy, LogFixtures.SMALL)) {
      assertThat(again.last().index()).isEqualTo(length);
    }
    return length;
  }

  private void refusedWith(Path file, byte[] content) throws IOException {
    refusedWithJust(file, content);
    refusedWithJust(file, Arrays.copyOf(content, content.length + 300));
  }

  private void refusedWithJust(Path file, byte[] content) throws IOException {
    LogFixtures.copy(log, copy);
    Path damaged = copy.resolve(log.relativize(file));
    Files.write(damaged, content);
    assertThatThrownBy(() -> SegmentedLog.open(copy, LogFixtures.SMALL))
        .isInstanceOf(DamagedLogException.class)
        .hasMessageContaining(String.valueOf(copy));
    assertThat(Files.readAllBytes(damaged)).isEqualTo(content);
  }

  private Path lastSegment() throws IOException {
    List<Path> files = LogFixtures.segments(log);
    return files.get(files.size() - 1);
  }

  private static int firstIndexOf(Path segment) {
    return Integer.parseInt(String.valueOf(segment.getFileName()).replace(".log", ""));
  }

  // The first append ends behind its mark; nothing after was forced.
  private static int forcedBytes(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      SegmentHeader header = SegmentHeader.read(file, channel);
      RecordCursor cursor =
          new RecordCursor(channel, header.salt(), SegmentHeader.BYTES, channel.size());
      while (cursor.next() == RecordCursor.Step.RECORD) {
        if (!cursor.isEntry()) {
          return (int) cursor.endOffset();
        }
      }
    }
    throw new AssertionError("no mark");
  }

  private static byte[] newerHeader(byte[] segment) {
    byte[] newer = segment.clone();
    newer[11] = 2;
    CRC32C crc = new CRC32C();
    crc.update(newer, 0, SegmentHeader.BYTES - 4);
    ByteBuffer.wrap(newer).putInt(SegmentHeader.BYTES - 4, (int) crc.getValue());
    return newer;
  }
}
