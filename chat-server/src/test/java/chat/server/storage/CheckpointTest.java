package chat.server.storage;

import static chat.server.storage.StorageFixtures.DAY;
import static chat.server.storage.StorageFixtures.send;
import static chat.server.storage.StorageFixtures.twoAccounts;
import static org.assertj.core.api.Assertions.assertThat;

import chat.server.chat.CommandLog;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.h2.mvstore.MVStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointTest {
  private static final int ROUNDS = Integer.getInteger("checkpoint.rounds", 10);
  private static final int HEADER_BYTES = 8192;
  private static final long HOUR = TimeUnit.HOURS.toNanos(1);

  private final long seed = Long.getLong("checkpoint.seed", System.nanoTime() & 0xffffff);

  @TempDir Path directory;

  @Test
  void oneIsDueWhenThereIsSomethingToSaveByIt() throws Exception {
    CommandLog log = twoAccounts();
    String text = "x".repeat(6_000);
    Pace pace = new Pace(0, 100, 10, new Checkpoints(0, HOUR, 10, 15_000));
    Path mark = H2Database.checkpoint(directory);
    try (H2ChatState state = H2ChatState.open(directory, pace)) {
      applyAndMaybeCheckpoint(state, log, 1, log.size());
      byte[] first = Files.readAllBytes(mark);
      for (int i = 5; i < 10; i++) {
        log.add(send(DAY, "bob", "hello", ""));
        applyAndMaybeCheckpoint(state, log, i, i);
      }
      assertThat(Files.readAllBytes(mark)).as("after 9 entries").isEqualTo(first);
      log.add(send(DAY, "bob", "hello", ""));
      applyAndMaybeCheckpoint(state, log, 10, 10);
      byte[] second = Files.readAllBytes(mark);
      assertThat(second).as("after 10 entries").isNotEqualTo(first);
      log.add(send(DAY, "bob", text, ""));
      log.add(send(DAY, "bob", text, ""));
      applyAndMaybeCheckpoint(state, log, 11, 12);
      assertThat(Files.readAllBytes(mark)).as("after 12,000 bytes").isEqualTo(second);
      log.add(send(DAY, "bob", text, ""));
      applyAndMaybeCheckpoint(state, log, 13, 13);
      byte[] third = Files.readAllBytes(mark);
      assertThat(third).as("after 18,000 bytes").isNotEqualTo(second);
      // What is refused is in the log too.
      for (int i = 14; i < 17; i++) {
        log.add(send(DAY, "nobody", text, ""));
        applyAndMaybeCheckpoint(state, log, i, i);
      }
      assertThat(Files.readAllBytes(mark)).as("after 18,000 refused").isNotEqualTo(third);
    }
  }

  @Test
  void oneEntryIsEnoughAfterAnHour() {
    Checkpoints usual = Checkpoints.USUAL;
    long second = TimeUnit.SECONDS.toNanos(1);
    assertThat(usual.isDue(HOUR - second, usual.entries() - 1, 1_000)).isFalse();
    assertThat(usual.isDue(HOUR + second, 1, 1)).isTrue();
    assertThat(usual.isDue(100 * HOUR, 0, 0)).isFalse();
    assertThat(usual.isDue(second, usual.entries(), 1_000)).isFalse();
    assertThat(usual.isDue(3 * second, usual.entries(), 1_000)).isTrue();
    assertThat(usual.isDue(second, 1, (64 << 20) + 1)).isTrue();
  }

  @Test
  void theFileGrowsWithWhatIsWrittenHoweverSlowlyItComes() throws Exception {
    CommandLog log = twoAccounts();
    String text =
        "a text of a hundred bytes, as in the benchmarks, and like what people write now a";
    Pace pace =
        new Pace(0, 25_000, 1_000, new Checkpoints(0, HOUR, Checkpoints.USUAL.entries(), 64 << 20));
    try (H2ChatState state = H2ChatState.open(directory, pace)) {
      applyAndMaybeCheckpoint(state, log, 1, log.size());
      state.checkpoint();
      long before = Files.size(H2Database.file(directory));
      for (long i = 5; i <= 3_000; i++) {
        log.add(send(DAY + i, i % 2 == 0 ? "ann" : "bob", i + text + i, ""));
        applyAndMaybeCheckpoint(state, log, i, i);
      }
      state.checkpoint();
      assertThat(Files.size(H2Database.file(directory)) - before)
          .isLessThan(10L * 3_000 * text.length());
    }
  }

  private static void applyAndMaybeCheckpoint(
      H2ChatState state, CommandLog log, long first, long last) {
    CommandLog.apply(state, log.slice(first, last));
    state.write();
    state.checkpointIfDue();
  }

  @Test
  void theNewestChunkOfACheckpointKnowsAllBeforeIt() throws Exception {
    System.out.println("checkpoints: seed " + seed);
    Random dice = new Random(seed);
    // Little on the disk and much in memory: a store is due after 19 MiB of it.
    String columns =
        IntStream.range(0, 20).mapToObj(i -> ", c" + i + " INT").collect(Collectors.joining());
    Path file = H2Database.file(directory);
    Path copy = directory.resolve("copy.mv.db");
    try (Connection connection = DriverManager.getConnection(H2Database.appendingUrl(directory));
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      Schema.make(connection);
      statement.execute("CREATE TABLE t(id INT PRIMARY KEY" + columns + ")");
      int rows = 0;
      for (int round = 0; round < 60 + ROUNDS; round++) {
        // The list of chunks has several pages before the large ones come.
        int more = round < 60 ? 1 : 1 + dice.nextInt(60_000);
        statement.execute(
            ("INSERT INTO t SELECT x" + columns.replaceAll("c(\\d+) INT", "x + $1"))
                + (" FROM SYSTEM_RANGE(" + (rows + 1) + ", " + (rows + more) + ")"));
        rows += more;
        connection.commit();
        H2Database.forceToDisk(connection);
        follow(file, copy);
        try (MVStore store = new MVStore.Builder().fileName(copy.toString()).readOnly().open()) {
          long newest = store.getCurrentVersion();
          assertThat(store.getLayoutMap())
              .as("round %d, seed %d", round, seed)
              .containsKey("chunk." + Long.toHexString(newest - 1));
        }
      }
    }
  }

  /** Copies what is new in a file that is only appended to, but for its header. */
  private static void follow(Path file, Path copy) throws IOException {
    if (!Files.exists(copy)) {
      Files.copy(file, copy, StandardCopyOption.REPLACE_EXISTING);
      return;
    }
    try (FileChannel to = FileChannel.open(copy, StandardOpenOption.WRITE);
        FileChannel from = FileChannel.open(file, StandardOpenOption.READ)) {
      long had = to.size();
      to.position(had);
      for (long at = had; at < from.size(); ) {
        at += from.transferTo(at, from.size() - at, to);
      }
      to.position(0);
      from.transferTo(0, HEADER_BYTES, to);
    }
  }
}
