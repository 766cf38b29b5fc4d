package chat.server.log;

import static org.assertj.core.api.Assertions.assertThat;

import chat.server.files.UnknownFormatException;
import chat.server.fuzz.Fuzz;
import chat.server.replication.Cluster;
import chat.server.replication.Entry;
import chat.server.replication.Epoch;
import chat.server.replication.HardState;
import chat.server.replication.Incarnation;
import chat.server.replication.LogPosition;
import chat.server.replication.Proposal;
import chat.server.replication.ServerId;
import chat.server.replication.View;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Files of this room as no crash leaves them: read right, or refused as damaged. */
@Timeout(300)
class LogFuzzTest {
  @TempDir(factory = LogFixtures.InMemory.class)
  Path directory;

  private final long seed = Fuzz.seed(LogFuzzTest.class);
  private final Random dice = new Random(seed);

  @Test
  void whatALogGivesIsWhatWasPutIntoIt() throws IOException {
    List<Entry> written = LogFixtures.entries(LogPosition.START, 40, dice);
    try (SegmentedLog log = SegmentedLog.create(directory, LogPosition.START, LogFixtures.SMALL)) {
      for (int i = 0; i < written.size(); i += 5) {
        log.append(written.subList(i, i + 5), i);
        log.sync();
      }
    }
    Map<Path, byte[]> files = contents();
    assertThat(files).hasSizeGreaterThan(3);
    List<Path> names = List.copyOf(files.keySet());
    int opened = 0;
    int cases = Fuzz.cases(6);
    for (int round = 0; round < cases; round++) {
      put(files);
      Path victim = names.get(dice.nextInt(names.size()));
      byte[] good = Objects.requireNonNull(files.get(victim));
      if (dice.nextInt(20) == 0) {
        Files.delete(victim);
      } else if (dice.nextInt(8) == 0) {
        Files.write(victim, resealed(good));
      } else {
        Files.write(victim, Fuzz.mutated(good, dice));
      }
      try (SegmentedLog log = SegmentedLog.open(directory, LogFixtures.SMALL)) {
        List<Entry> read = LogFixtures.all(log);
        assertThat(read).isEqualTo(written.subList(0, read.size()));
        opened++;
      } catch (IOException e) {
        assertThat(e).isExactlyInstanceOf(refusal(e));
      } catch (RuntimeException | Error e) {
        throw Fuzz.failed(seed, round, e);
      }
    }
    System.out.println("LogFuzzTest: " + opened + " of " + cases + " damaged logs were whole");
    assertThat(opened).isLessThan(cases);
  }

  /** A damaged small file is a plain exception in words, everything else has its own. */
  private static Class<?> refusal(IOException e) {
    if (e instanceof DamagedLogException) {
      return DamagedLogException.class;
    }
    if (e instanceof UnknownFormatException) {
      return UnknownFormatException.class;
    }
    assertThat(e).hasMessageContaining("is damaged");
    return IOException.class;
  }

  /** A record that is not as it was, but whose checksum is right. */
  private byte[] resealed(byte[] segment) {
    ByteBuffer bytes = ByteBuffer.wrap(segment.clone());
    if (bytes.limit() < SegmentHeader.BYTES + LogRecord.OVERHEAD_BYTES) {
      return Fuzz.mutated(segment, dice);
    }
    int at = SegmentHeader.BYTES;
    int length = bytes.getInt(at);
    int end = at + LogRecord.PREFIX_BYTES + length;
    int victim = at + LogRecord.PREFIX_BYTES + dice.nextInt(length);
    bytes.put(victim, (byte) dice.nextInt(256));
    long salt = bytes.getLong(12);
    bytes.putInt(at + 4, LogRecord.checksum(bytes, salt, at, end - at - LogRecord.PREFIX_BYTES));
    return bytes.array();
  }

  @Test
  void aHardStateIsWholeOrRefused() throws IOException {
    Path file = directory.resolve("state");
    HardState state = state();
    new HardStateFile(file).store(state);
    byte[] good = Files.readAllBytes(file);
    int cases = Fuzz.cases(6);
    for (int round = 0; round < cases; round++) {
      boolean sealed = round % 2 == 0;
      byte[] bad = sealed ? sealed(Fuzz.mutated(content(good), dice)) : Fuzz.mutated(good, dice);
      Files.write(file, bad);
      try {
        var found = new HardStateFile(file).load();
        // With a right checksum it is another state, not a broken one.
        assertThat(sealed || found.orElseThrow().equals(state)).isTrue();
      } catch (UnknownFormatException e) {
        assertThat(sealed).isFalse();
      } catch (IOException e) {
        assertThat(e).hasMessageContaining("is damaged");
      } catch (RuntimeException | Error e) {
        throw Fuzz.failed(seed, round, e);
      }
    }
  }

  private static byte[] content(byte[] file) {
    return Arrays.copyOfRange(file, 16, file.length - 4);
  }

  /** A file of the right frame around any content. */
  private static byte[] sealed(byte[] content) {
    ByteBuffer file = ByteBuffer.allocate(content.length + 20);
    file.putLong(0x4348415453544154L).putInt(1).putInt(content.length).put(content);
    CRC32C crc = new CRC32C();
    crc.update(file.array(), 0, file.position());
    return file.putInt((int) crc.getValue()).array();
  }

  private static HardState state() {
    ServerId one = new ServerId(1);
    ServerId two = new ServerId(2);
    View view =
        new View(
            Epoch.of(4, one),
            new TreeMap<>(Map.of(one, new Incarnation(3), two, new Incarnation(9))),
            two,
            new Cluster("c-1", 7, new TreeMap<>(Map.of(one, "disk a", two, "disk b"))));
    return new HardState(
        new Incarnation(3),
        view,
        Epoch.of(4, one),
        Epoch.of(6, two),
        new HardState.Accepted(
            Epoch.of(4, one),
            Epoch.of(6, two),
            new Proposal(view, new LogPosition(99, Epoch.of(4, one), -5))),
        12);
  }

  private Map<Path, byte[]> contents() throws IOException {
    Map<Path, byte[]> files = new TreeMap<>();
    for (Path file : listed()) {
      files.put(file, Files.readAllBytes(file));
    }
    return files;
  }

  private void put(Map<Path, byte[]> files) throws IOException {
    for (Path file : listed()) {
      Files.delete(file);
    }
    for (Map.Entry<Path, byte[]> file : files.entrySet()) {
      Files.write(file.getKey(), file.getValue());
    }
  }

  private List<Path> listed() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return new ArrayList<>(files.sorted(Comparator.naturalOrder()).toList());
    }
  }
}
