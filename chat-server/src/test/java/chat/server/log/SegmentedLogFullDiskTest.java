package chat.server.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import chat.server.replication.Entry;
import chat.server.replication.LogPosition;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A disk of 256 KiB, which only root can make: the test is skipped, and says so, without. */
class SegmentedLogFullDiskTest {
  @TempDir Path place;

  private final Random random = new Random(3);
  private final List<Entry> entries = new ArrayList<>();
  private boolean mounted;

  @BeforeEach
  void mount() throws Exception {
    mounted = run("mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", place.toString()) == 0;
    if (!mounted) {
      System.out.println("SKIPPED: no small file system can be mounted here; run it as root");
    }
    assumeThat(mounted).as("a tmpfs can be mounted").isTrue();
  }

  @AfterEach
  void unmount() throws Exception {
    if (mounted) {
      // Lazily: what recovery mapped stays mapped until the garbage collector comes by.
      assertThat(run("umount", "-l", place.toString())).isZero();
    }
  }

  @Test
  void aFullDiskEndsTheWritingAndARestartWithSpaceFindsACleanLog() throws IOException {
    Path directory = Files.createDirectory(place.resolve("log"));
    Path filler = Files.write(place.resolve("filler"), new byte[100 << 10]);
    LogOptions options = new LogOptions(16 << 10, 0);
    long synced = 0;
    try (SegmentedLog log = SegmentedLog.open(directory, options)) {
      synced = fill(log);
      List<Entry> more = LogFixtures.entries(log.last(), 1, random);
      assertThatThrownBy(() -> log.append(more, 0)).hasMessageContaining("takes no more writes");
      assertThatThrownBy(log::sync).hasMessageContaining("takes no more writes");
      assertThat(log.read(0, synced, Integer.MAX_VALUE)).hasSize((int) synced);
    }
    assertThat(synced).isGreaterThan(100);
    Files.delete(filler);
    try (SegmentedLog log = SegmentedLog.open(directory, options)) {
      assertThat(log.last().index()).isBetween(synced, (long) entries.size());
      assertThat(LogFixtures.all(log)).isEqualTo(entries.subList(0, (int) log.last().index()));
      assertThat(log.recordedCommitIndex()).isBetween(1L, log.last().index());
      entries.subList((int) log.last().index(), entries.size()).clear();
      List<Entry> more = LogFixtures.entries(log.last(), 50, random);
      entries.addAll(more);
      log.append(more, 1);
      log.sync();
    }
    try (SegmentedLog log = SegmentedLog.open(directory, options)) {
      assertThat(LogFixtures.all(log)).isEqualTo(entries);
    }
  }

  /** Writes until the disk is full; the last index that was forced. */
  private long fill(SegmentedLog log) {
    long synced = 0;
    try {
      while (true) {
        LogPosition last =
            entries.isEmpty() ? LogPosition.START : entries.get(entries.size() - 1).position();
        List<Entry> batch = LogFixtures.entries(last, 7, random, 100);
        entries.addAll(batch);
        log.append(batch, synced);
        log.sync();
        synced = log.last().index();
      }
    } catch (IOException e) {
      assertThat(e).hasMessageContaining("No space left");
      return synced;
    }
  }

  private static int run(String... command) throws Exception {
    return new ProcessBuilder(command).inheritIO().start().waitFor();
  }
}
