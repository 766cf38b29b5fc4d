package chat.server.storage;

import static org.assertj.core.api.Assertions.assertThat;

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
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.h2.mvstore.MVStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * H2 opens what a checkpoint has left. With {@code WRITE_DELAY} above 0 it did not always: it put
 * together the chunk of a checkpoint while the one before was still being written, so that its list
 * of chunks said nothing of that one, although pages of the list itself may lie there. The next
 * chunk mends it; a crash before that leaves a file that cannot be opened.
 */
class CheckpointTest {
  private static final int ROUNDS = Integer.getInteger("checkpoint.rounds", 20);
  private static final int HEADER_BYTES = 8192;

  private final long seed = Long.getLong("checkpoint.seed", System.nanoTime() & 0xffffff);

  @TempDir Path directory;

  @Test
  void theDatabaseWritesInTheThreadThatAsksForIt() throws Exception {
    try (H2ChatState state = H2ChatState.open(directory)) {
      state.checkpoint();
      assertThat(Thread.getAllStackTraces().keySet())
          .extracting(Thread::getName)
          .noneMatch(name -> name.startsWith("H2-") || name.contains(directory.toString()));
    }
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
        statement.execute("CHECKPOINT SYNC");
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
