package chat.server;

import static org.assertj.core.api.Assertions.assertThat;

import chat.server.chat.Command;
import chat.server.chat.CommandLog;
import chat.server.fuzz.Fuzz;
import chat.server.storage.H2ChatState;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Backups that something has happened to. */
@Timeout(300)
class BackupFuzzTest {
  @TempDir Path directory;

  @Test
  void aBackupIsWholeOrRefusedInWords() throws Exception {
    long seed = Fuzz.seed(BackupFuzzTest.class);
    Random dice = new Random(seed);
    Path file = directory.resolve("backup");
    try (H2ChatState state = H2ChatState.open(directory.resolve("state"));
        OutputStream out = Files.newOutputStream(file)) {
      CommandLog log = new CommandLog();
      log.add(new Command.CreateAccount(1, "ann", "hash", ""));
      state.apply(log.slice(1, 1));
      state.writeSnapshot("c-1", 7, out);
    }
    byte[] good = Files.readAllBytes(file);
    for (int round = 0; round < Fuzz.cases(2); round++) {
      byte[] bad = Fuzz.mutated(good, dice);
      Files.write(file, bad);
      try {
        assertThat(BackupFile.check(file).index()).isEqualTo(1);
        assertThat(bad).as("seed %d, case %d", seed, round).isEqualTo(good);
      } catch (CommandFailure e) {
        assertThat(e).hasMessageContaining("cannot be used");
      } catch (RuntimeException | Error e) {
        throw Fuzz.failed(seed, round, e);
      }
    }
  }
}
