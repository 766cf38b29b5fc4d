package chat.server.storage;

import static chat.server.storage.StorageFixtures.DAY;
import static chat.server.storage.StorageFixtures.copy;
import static chat.server.storage.StorageFixtures.replay;
import static chat.server.storage.StorageFixtures.send;
import static chat.server.storage.StorageFixtures.twoAccounts;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import chat.server.chat.CommandLog;
import chat.server.replication.LogPosition;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.util.Arrays;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What crashes and bad disks leave of a database. */
class H2DamageTest {
  private static final int DAMAGES = Integer.getInteger("state.damages", 100);

  @TempDir Path directory;

  private final long seed = Long.getLong("state.seed", System.nanoTime() & 0xffffff);

  @Test
  void aDamagedFileOpensAsThisOrAnOlderStateOrIsRefused() throws Exception {
    System.out.println("damage: seed " + seed);
    CommandLog log = RandomCommands.log(seed, 3_000);
    Random dice = new Random(seed);
    Path good = directory.resolve("good");
    byte[] whole;
    byte[] checkpoint;
    long digest;
    try (H2ChatState state = H2ChatState.open(good)) {
      for (long to = 250; to <= log.size(); to += 250) {
        replay(state, log, dice, to);
        state.checkpoint();
      }
      whole = Files.readAllBytes(good.resolve("chat.mv.db"));
      checkpoint = Files.readAllBytes(good.resolve("chat.checkpoint"));
      digest = state.digest();
    }
    int opened = 0;
    int older = 0;
    int late = 0;
    int wrong = 0;
    for (int i = 0; i < DAMAGES; i++) {
      Path bad = Files.createDirectories(directory.resolve("bad" + i));
      boolean isCheckpoint = i % 10 == 9;
      Files.write(bad.resolve("chat.mv.db"), isCheckpoint ? whole : damaged(whole, dice, i % 4));
      Files.write(
          bad.resolve("chat.checkpoint"),
          isCheckpoint ? damaged(checkpoint, dice, i / 10 % 4) : checkpoint);
      H2ChatState state = openOrNull(bad);
      if (state == null) {
        H2ChatState.discard(bad);
        state = H2ChatState.open(bad);
        assertThat(state.position()).isEqualTo(LogPosition.START);
        CommandLog.apply(state, log.slice(1, 100));
        state.close();
        continue;
      }
      opened++;
      LogPosition position = state.position();
      assertThat(position).as("damage %d, seed %d", i, seed).isEqualTo(log.at(position.index()));
      older += position.index() < log.size() ? 1 : 0;
      try {
        replay(state, log, dice, log.size());
        wrong += state.digest() == digest ? 0 : 1;
        state.close();
      } catch (StorageFailure | java.sql.SQLException expected) {
        late++;
        // It may come to light later: then the server stops and builds it anew.
        state.abandon();
        H2ChatState.discard(bad);
        try (H2ChatState fresh = H2ChatState.open(bad)) {
          assertThat(fresh.position()).isEqualTo(LogPosition.START);
        }
      }
    }
    System.out.printf(
        "damage: %d of %d opened, %d of them older, %d failed later, %d differ%n",
        opened, DAMAGES, older, late, wrong);
    assertThat(wrong).as("opened with other content, seed %d", seed).isZero();
  }

  private static byte[] damaged(byte[] whole, Random dice, int how) {
    int at = dice.nextInt(whole.length);
    if (how == 0) {
      return Arrays.copyOf(whole, at);
    }
    byte[] bytes = whole.clone();
    int length = how == 1 ? 1 : how == 2 ? 4096 : 1 + dice.nextInt(64);
    for (int i = at; i < Math.min(whole.length, at + length); i++) {
      bytes[i] = (byte) dice.nextInt();
    }
    return bytes;
  }

  private static @Nullable H2ChatState openOrNull(Path path) throws Exception {
    try {
      return H2ChatState.open(path);
    } catch (DatabaseUnusableException expected) {
      return null;
    }
  }

  @Test
  void aCrashLeavesWhatWasThereAtTheLastCheckpoint() throws Exception {
    System.out.println("checkpoint: seed " + seed);
    Random dice = new Random(seed);
    CommandLog log = twoAccounts();
    for (int i = 0; i < 2_000; i++) {
      int length = i < 400 ? dice.nextInt(2_000) : 16_000;
      log.add(send(DAY, dice.nextBoolean() ? "ann" : "bob", "x".repeat(length), ""));
    }
    Path there = directory.resolve("running");
    Path crashed = directory.resolve("crashed");
    LogPosition marked;
    long digest;
    try (H2ChatState state = H2ChatState.open(there)) {
      for (int to = 10; to < 400; to += 1 + dice.nextInt(50)) {
        replay(state, log, dice, to);
        state.write();
        if (dice.nextInt(3) == 0) {
          state.checkpoint();
        }
      }
      state.checkpoint();
      marked = state.position();
      digest = state.digest();
      replay(state, log, dice, log.size());
      state.write();
      copy(there, crashed);
    }
    Path path = crashed.resolve("chat.mv.db");
    byte[] file = Files.readAllBytes(path);
    DatabaseFile.open(crashed, 0).close();
    int length = (int) Files.size(path);
    // What came after it may be in the file, or all in memory still.
    for (int i = 0; i < 20; i++) {
      // The end may be anything: it was not forced. So may the header, which is written over.
      byte[] torn = Arrays.copyOf(file, length + dice.nextInt(file.length - length + 50_000));
      int at = length + dice.nextInt(torn.length - length + 1);
      byte[] noise = new byte[Math.min(torn.length - at, dice.nextInt(20_000))];
      dice.nextBytes(noise);
      System.arraycopy(noise, 0, torn, at, noise.length);
      if (dice.nextBoolean()) {
        Arrays.fill(torn, 4096 * dice.nextInt(2), 8192, (byte) dice.nextInt());
      }
      Files.write(path, torn);
      H2ChatState state = H2ChatState.open(crashed);
      assertThat(state.position()).isEqualTo(marked);
      assertThat(state.digest()).as("seed %d", seed).isEqualTo(digest);
      state.abandon();
    }
  }

  @Test
  void whatALargeFileHadIsCheckedWhileItIsUsed() throws Exception {
    CommandLog log = twoAccounts();
    for (int i = 0; i < 700; i++) {
      log.add(send(DAY, i % 2 == 0 ? "ann" : "bob", "x".repeat(16 * 1024), ""));
    }
    try (H2ChatState state = H2ChatState.open(directory)) {
      CommandLog.apply(state, log.slice(1, log.size()));
    }
    Path file = directory.resolve("chat.mv.db");
    byte[] whole = Files.readAllBytes(file);
    assertThat(whole.length).isGreaterThan(9 << 20);
    try (H2ChatState state = H2ChatState.open(directory, new Pace(0, 100, 10, Checkpoints.USUAL))) {
      for (int i = 0; i < 5; i++) {
        state.checkpointIfDue();
      }
    }
    whole = Files.readAllBytes(file);
    whole[100_000]++;
    Files.write(file, whole);
    assertThatThrownBy(() -> H2ChatState.open(directory))
        .isInstanceOf(DatabaseUnusableException.class)
        .hasMessageContaining("damaged");
    H2ChatState state = H2ChatState.open(directory, new Pace(0, 100, 10, Checkpoints.USUAL));
    assertThatThrownBy(
            () -> {
              for (int i = 0; i < 5; i++) {
                state.checkpointIfDue();
              }
            })
        .isInstanceOf(StorageFailure.class)
        .hasRootCauseInstanceOf(DatabaseUnusableException.class);
    state.abandon();
  }

  @Test
  void aDatabaseThatIsNotWhatWasWrittenIsRefusedAndCanBeThrownAway() throws Exception {
    CommandLog log = RandomCommands.log(1, 50);
    try (H2ChatState state = H2ChatState.open(directory)) {
      CommandLog.apply(state, log.slice(1, 50));
    }
    String[] changes = {
      "UPDATE applied SET version = 99",
      "DELETE FROM applied",
      "DROP TABLE messages",
      "UPDATE sessions SET state = 77",
      "UPDATE applied SET log_index = -5",
      "UPDATE applied SET log_index = log_index - 1",
    };
    for (String change : changes) {
      Path bad = directory.resolve("bad" + change.hashCode());
      copy(directory, bad);
      try (Connection connection =
              DriverManager.getConnection("jdbc:h2:file:" + bad.resolve("chat"));
          Statement statement = connection.createStatement()) {
        statement.execute(change);
      }
      DatabaseFile.remember(bad, log.at(50));
      H2ChatState state = openOrNull(bad);
      assertThat(state).as(change).isNull();
      H2ChatState.discard(bad);
      try (H2ChatState fresh = H2ChatState.open(bad)) {
        assertThat(fresh.position()).as(change).isEqualTo(LogPosition.START);
        CommandLog.apply(fresh, log.slice(1, 50));
      }
    }
  }

  @Test
  void aDatabaseThatIsOpenElsewhereIsNotOneToThrowAway() throws Exception {
    H2ChatState.open(directory).close();
    // What another process would hold: the lock that H2 takes on its file.
    try (FileChannel file =
            FileChannel.open(directory.resolve("chat.mv.db"), StandardOpenOption.WRITE);
        FileLock lock = file.lock()) {
      assertThat(lock.isValid()).isTrue();
      assertThatThrownBy(() -> H2ChatState.open(directory))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("another process");
    }
    H2ChatState.open(directory).close();
  }

  @Test
  void discardingWhatIsNotThereIsNothing() throws Exception {
    H2ChatState.discard(directory.resolve("nowhere"));
    Path empty = Files.createDirectories(directory.resolve("empty"));
    Files.writeString(empty.resolve("other"), "kept");
    H2ChatState.discard(empty);
    assertThat(empty.resolve("other")).hasContent("kept");
  }
}
