package chat.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import chat.server.chat.Command;
import chat.server.chat.CommandLog;
import chat.server.replication.ServerId;
import chat.server.storage.H2ChatState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The database of a server that does not run is made small. */
class CompactionTest {
  private static final ServerLimits LIMITS =
      new ServerLimits(16384, 65536, 10000, 50, 1000, 19456, 2, 4096, 1 << 20, 100, 0);

  @TempDir Path root;

  private final CommandLog log = new CommandLog();
  private Path running;
  private Path data;
  private long digest;

  @BeforeEach
  void fillAsAServerThatRuns() throws Exception {
    log.add(new Command.CreateAccount(1, "ann", "hash", ""));
    log.add(new Command.Login(1, 1, CommandLog.token(1), false));
    for (int i = 0; i < 2_000; i++) {
      String text = "message " + i + " of ann to herself";
      log.add(
          new Command.SendMessage(2 + i, CommandLog.token(1), "ann", text, "r" + i, false, 10_000));
    }
    running = root.resolve("running");
    DataDirectory directory =
        DataDirectory.open(
                running, new StartFlags(new ServerId(1), null, 1, null, null, false, false), LIMITS)
            .directory();
    // Each stop adds to the file, and what it replaces stays in it.
    for (long i = 1; i <= log.size(); i += 100) {
      try (H2ChatState state = H2ChatState.open(directory.databaseDirectory())) {
        state.apply(log.slice(i, Math.min(log.size(), i + 99)));
        digest = state.digest();
      }
    }
    // This process holds the lock of a directory that it has opened: another one is stopped.
    data = root.resolve("stopped");
    copy(running, data);
  }

  @Test
  void aDatabaseIsSmallAfterItAndSaysTheSame() throws Exception {
    Compaction done = Compaction.of(data, () -> {});
    assertThat(done.bytesAfter()).isLessThan(done.bytesBefore() / 2);
    try (H2ChatState state = H2ChatState.open(data.resolve(DataDirectory.DATABASE))) {
      assertThat(state.position()).isEqualTo(log.at(log.size()));
      assertThat(state.digest()).isEqualTo(digest);
      assertThat(state.queries().undeliveredCount(1)).isEqualTo(2_000);
      state.apply(List.of(log.add(new Command.Acknowledge(9_999, CommandLog.token(1), 1_000))));
    }
    assertThat(data).isDirectoryNotContaining("glob:**{next,old,swap}");
  }

  @Test
  void whatIsDamagedStaysAsItIs() throws Exception {
    Path file = data.resolve(DataDirectory.DATABASE).resolve("chat.mv.db");
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length / 2] ^= 1;
    Files.write(file, bytes);
    assertThatThrownBy(() -> Compaction.of(data, () -> {}))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("Nothing was changed");
    assertThat(file).hasBinaryContent(bytes);
  }

  @Test
  void onlyTheDataOfAServerThatDoesNotRunIsTouched() {
    assertThatThrownBy(() -> Compaction.of(running, CompactionTest::begins))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("in use");
    assertThatThrownBy(() -> Compaction.of(root, CompactionTest::begins))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("not the data directory");
  }

  private static void begins() {
    throw new AssertionError("what was refused begins");
  }

  private static void copy(Path from, Path to) throws IOException {
    try (var paths = Files.walk(from)) {
      for (Path path : paths.toList()) {
        Files.copy(path, to.resolve(from.relativize(path)), StandardCopyOption.REPLACE_EXISTING);
      }
    }
  }
}
