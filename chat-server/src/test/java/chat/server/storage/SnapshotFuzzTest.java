package chat.server.storage;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import chat.server.chat.Command;
import chat.server.chat.CommandLog;
import chat.server.chat.StoredMessage;
import chat.server.fuzz.Fuzz;
import chat.server.fuzz.HostileTexts;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32C;
import java.util.zip.Deflater;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Snapshots, texts and filters as nobody in his right mind makes them. */
@Timeout(300)
class SnapshotFuzzTest {
  private static final long DAY = 24L * 3_600_000_000L;

  @TempDir Path directory;

  private final long seed = Fuzz.seed(SnapshotFuzzTest.class);
  private final Random dice = new Random(seed);

  @Test
  void aSnapshotIsWholeOrRefused() throws Exception {
    byte[] good = snapshot();
    Path file = directory.resolve("fuzzed");
    int cases = Fuzz.cases(8);
    for (int round = 0; round < cases; round++) {
      byte[] bad = round % 4 == 0 ? withBlock(good) : Fuzz.mutated(good, dice);
      Files.write(file, bad);
      try {
        Snapshots.verify(file);
        assertThat(bad).as("seed %d, case %d", seed, round).isEqualTo(good);
      } catch (DamagedSnapshotException | UnknownSnapshotException e) {
        assertThat(e.getMessage()).isNotBlank();
      } catch (IOException | RuntimeException | Error e) {
        throw Fuzz.failed(seed, round, e);
      }
    }
  }

  /** The header is the good one's; the first block has the right checksum, whatever is in it. */
  private byte[] withBlock(byte[] good) {
    int header = 8 + 4 + 4 + ByteBuffer.wrap(good).getInt(12) + 4;
    byte[] rows = HostileTexts.random(dice, dice.nextInt(200)).getBytes(UTF_8);
    byte[] deflated = dice.nextBoolean() ? deflated(rows) : rows;
    int table = dice.nextInt(9);
    int count = dice.nextInt(4) == 0 ? dice.nextInt() : dice.nextInt(100);
    int raw = dice.nextInt(4) == 0 ? dice.nextInt(1 << 20) : rows.length;
    ByteBuffer block = ByteBuffer.allocate(header + 17 + deflated.length);
    block.put(good, 0, header).put((byte) table).putInt(count).putInt(raw).putInt(deflated.length);
    block.putInt(SnapshotFormat.checksum(0, table, count, raw, deflated, deflated.length));
    return block.put(deflated).array();
  }

  private static byte[] deflated(byte[] bytes) {
    Deflater deflater = new Deflater();
    deflater.setInput(bytes);
    deflater.finish();
    byte[] out = new byte[bytes.length + 100];
    int length = deflater.deflate(out);
    deflater.end();
    return Arrays.copyOf(out, length);
  }

  @Test
  void aHeaderWithARightChecksumIsWholeOrRefused() throws Exception {
    byte[] good = snapshot();
    int length = ByteBuffer.wrap(good).getInt(12);
    Path file = directory.resolve("fuzzed");
    for (int round = 0; round < Fuzz.cases(2); round++) {
      byte[] content = Fuzz.mutated(Arrays.copyOfRange(good, 16, 16 + length), dice);
      ByteBuffer header = ByteBuffer.allocate(20 + content.length);
      header.put(good, 0, 12).putInt(content.length).put(content);
      CRC32C crc = new CRC32C();
      crc.update(header.array(), 0, header.position());
      header.putInt((int) crc.getValue());
      Files.write(file, header.array());
      try {
        assertThat(Snapshots.readHeader(file).position().index()).isNotNegative();
      } catch (DamagedSnapshotException e) {
        assertThat(e.getMessage()).isNotBlank();
      } catch (IOException | RuntimeException | Error e) {
        throw Fuzz.failed(seed, round, e);
      }
    }
  }

  private byte[] snapshot() throws Exception {
    Path file = directory.resolve("good");
    try (H2ChatState state = H2ChatState.open(directory.resolve("state"));
        OutputStream out = Files.newOutputStream(file)) {
      CommandLog log = RandomCommands.log(seed, 80);
      state.apply(log.slice(1, log.size()));
      state.writeSnapshot("c-1", 7, out);
    }
    return Files.readAllBytes(file);
  }

  @Test
  void sqlInTextsAndFiltersIsTextAndFilter() throws Exception {
    int cases = Fuzz.cases(2);
    try (H2ChatState state = H2ChatState.open(directory.resolve("state"))) {
      CommandLog log = new CommandLog();
      log.add(new Command.CreateAccount(DAY, "ann", "hash", ""));
      log.add(new Command.Login(DAY, 1, CommandLog.token(1), false));
      List<String> sent = new ArrayList<>();
      for (int i = 0; i < cases; i++) {
        String text = HostileTexts.any(dice);
        text = text.substring(0, Math.min(text.length(), 5_000));
        String id = "id" + i + HostileTexts.random(dice, 3);
        log.add(
            new Command.SendMessage(DAY + i, CommandLog.token(1), "ann", text, id, false, cases));
        sent.add(text);
      }
      state.apply(log.slice(1, log.size()));
      assertThat(
              state.queries().undelivered(1, 0, cases).stream().map(StoredMessage::text).toList())
          .as("seed %d", seed)
          .isEqualTo(sent);
      for (int i = 0; i < cases; i++) {
        String filter = HostileTexts.any(dice);
        NameFilter names = new NameFilter(filter);
        assertThat(
                state
                    .queries()
                    .accounts(filter, dice.nextBoolean() ? null : HostileTexts.any(dice), 10))
            .as("filter %s, seed %d", filter, seed)
            .hasSizeLessThanOrEqualTo(names.matches("ann") ? 1 : 0);
      }
    }
  }

  @Test
  void noFilterIsSlow() {
    // Linear in filter times name: the worst of these is 128 by 32 characters.
    Assertions.assertTimeoutPreemptively(
        Duration.ofSeconds(20),
        () -> {
          for (int i = 0; i < Fuzz.cases(4); i++) {
            StringBuilder filter = new StringBuilder();
            while (filter.length() < 128) {
              filter.append("a*?b".charAt(Math.min(3, dice.nextInt(7))));
            }
            assertThat(new NameFilter(filter + "c").matches("a".repeat(32))).isFalse();
          }
        });
  }
}
