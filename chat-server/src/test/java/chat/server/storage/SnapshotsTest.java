package chat.server.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import chat.server.chat.Command;
import chat.server.chat.CommandLog;
import chat.server.replication.Epoch;
import chat.server.replication.LogPosition;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code -Dstate.seed=N} repeats a run. */
class SnapshotsTest {
  private static final long DAY = 24L * 3_600_000_000L;

  @TempDir Path directory;

  private final long seed = Long.getLong("state.seed", System.nanoTime() & 0xffffff);
  private int loads;

  @Test
  void aLoadedSnapshotIsTheStateItWasTakenOfAndGoesOnAsThatDoes() throws Exception {
    System.out.println("snapshots: seed " + seed);
    CommandLog log = RandomCommands.log(seed, 6_000);
    Random dice = new Random(seed);
    List<Path> taken = new ArrayList<>();
    List<Long> digests = new ArrayList<>();
    long last;
    try (H2ChatState state = H2ChatState.open(directory.resolve("original"))) {
      for (long from = 1; from <= log.size(); ) {
        long to = Math.min(log.size(), from + dice.nextInt(1_500));
        state.apply(log.slice(from, to));
        from = to + 1;
        taken.add(snapshot(state));
        digests.add(state.digest());
      }
      last = state.digest();
    }
    for (int i = 0; i < taken.size(); i++) {
      SnapshotHeader header = Snapshots.readHeader(taken.get(i));
      assertThat(header.clusterId()).isEqualTo("c-1");
      assertThat(header.lineage()).isEqualTo(7);
      try (H2ChatState loaded = load(taken.get(i), header.position())) {
        assertThat(loaded.position()).isEqualTo(log.at(header.position().index()));
        assertThat(loaded.digest()).as("snapshot %d, seed %d", i, seed).isEqualTo(digests.get(i));
        loaded.apply(log.slice(loaded.position().index() + 1, log.size()));
        assertThat(loaded.digest()).as("goes on from %d, seed %d", i, seed).isEqualTo(last);
      }
    }
  }

  @Test
  void aSnapshotOfNothingIsOne() throws Exception {
    try (H2ChatState state = H2ChatState.open(directory.resolve("empty"))) {
      Path snapshot = snapshot(state);
      try (H2ChatState loaded = load(snapshot, LogPosition.START)) {
        assertThat(loaded.position()).isEqualTo(LogPosition.START);
        assertThat(loaded.digest()).isEqualTo(state.digest());
      }
    }
  }

  @Test
  void itIsOneMomentWhileEntriesAreAppliedAndDaysBegin() throws Exception {
    // Half of a day a step: request tables are emptied all the time.
    CommandLog log = new CommandLog();
    log.add(new Command.CreateAccount(DAY, "ann", "hash", ""));
    log.add(new Command.Login(DAY, 1, CommandLog.token(1), false));
    for (int i = 0; i < 3_000; i++) {
      long time = DAY + i * (DAY / 400);
      log.add(
          new Command.SendMessage(
              time, CommandLog.token(1), "ann", "text " + i, "r" + i, false, 100_000));
      log.add(new Command.TouchSession(time, CommandLog.token(1)));
    }
    List<Path> taken = new ArrayList<>();
    try (H2ChatState state = H2ChatState.open(directory.resolve("original"))) {
      AtomicBoolean done = new AtomicBoolean();
      // A few more are taken before the end, however slow that is.
      CountDownLatch some = new CountDownLatch(4);
      CountDownLatch begun = new CountDownLatch(1);
      CompletableFuture<Void> applying =
          CompletableFuture.runAsync(
              () -> {
                Random dice = new Random(seed);
                while (state.position().index() < log.size()) {
                  long from = state.position().index() + 1;
                  state.apply(log.slice(from, Math.min(log.size(), from + dice.nextInt(20))));
                  state.checkpointIfDue();
                  if (from > 100) {
                    begun.countDown();
                  }
                  if (from > log.size() / 2) {
                    awaitUninterruptibly(some);
                  }
                }
              });
      CompletableFuture<Void> ended = applying.whenComplete((nothing, failure) -> done.set(true));
      awaitUninterruptibly(begun);
      while (!done.get()) {
        taken.add(snapshot(state));
        some.countDown();
      }
      ended.get();
    }
    assertThat(taken).hasSizeGreaterThan(3);
    int moving = 0;
    for (int i = 0; i < taken.size(); i += 1 + taken.size() / 12) {
      Path snapshot = taken.get(i);
      LogPosition position = Snapshots.readHeader(snapshot).position();
      moving += position.index() > 0 && position.index() < log.size() ? 1 : 0;
      try (H2ChatState loaded = load(snapshot, position);
          H2ChatState replayed = H2ChatState.open(directory.resolve("replayed" + loads))) {
        replayed.apply(log.slice(1, position.index()));
        assertThat(loaded.position()).isEqualTo(replayed.position());
        assertThat(loaded.digest())
            .as("at %s, seed %d", position, seed)
            .isEqualTo(replayed.digest());
      }
    }
    assertThat(moving).isPositive();
  }

  @Test
  void aDayThatBeginsWhileASnapshotIsWrittenWaitsForNobody() throws Exception {
    CommandLog log = new CommandLog();
    log.add(new Command.CreateAccount(DAY, "ann", "hash", ""));
    log.add(new Command.Login(DAY, 1, CommandLog.token(1), false));
    for (int i = 0; i < 5_000; i++) {
      log.add(
          new Command.SendMessage(
              DAY, CommandLog.token(1), "ann", "text", "request " + i, false, 100_000));
    }
    long before = log.size();
    log.add(new Command.TouchSession(4 * DAY, CommandLog.token(1)));
    try (H2ChatState state = H2ChatState.open(directory.resolve("original"))) {
      state.apply(log.slice(1, before));
      long digest = state.digest();
      Path file = directory.resolve("snapshot");
      try (OutputStream to = Files.newOutputStream(file)) {
        // Within the first write, so before any row but in the middle of the reading.
        OutputStream interrupted =
            new OutputStream() {
              @Override
              public void write(int b) throws IOException {
                to.write(b);
              }

              @Override
              public void write(byte[] bytes, int offset, int length) throws IOException {
                if (state.position().index() == before) {
                  state.apply(log.slice(before + 1, before + 1));
                  state.checkpoint();
                }
                to.write(bytes, offset, length);
              }
            };
        assertThat(state.writeSnapshot("c", 0, interrupted)).isEqualTo(log.at(before));
      }
      assertThat(state.position()).isEqualTo(log.at(before + 1));
      try (H2ChatState loaded = load(file, log.at(before))) {
        assertThat(loaded.digest()).isEqualTo(digest);
      }
    }
  }

  @Test
  void itClaimsThePositionThatItIsToldTo() throws Exception {
    LogPosition other = new LogPosition(1L << 40, new Epoch(0x901), 5);
    try (H2ChatState state = H2ChatState.open(directory.resolve("original"))) {
      CommandLog log = RandomCommands.log(seed, 200);
      state.apply(log.slice(1, log.size()));
      try (H2ChatState loaded = load(snapshot(state), other)) {
        assertThat(loaded.position()).isEqualTo(other);
      }
    }
  }

  @Test
  void everyFlippedBitAndEveryCutIsFound() throws Exception {
    byte[] whole;
    try (H2ChatState state = H2ChatState.open(directory.resolve("original"))) {
      CommandLog log = RandomCommands.log(seed, 150);
      state.apply(log.slice(1, log.size()));
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      state.writeSnapshot("c-1", 7, out);
      whole = out.toByteArray();
    }
    Path file = directory.resolve("damaged");
    Files.write(file, whole);
    Snapshots.verify(file);
    for (int at = 0; at < whole.length; at++) {
      byte[] flipped = whole.clone();
      flipped[at] ^= (byte) (1 << at % 8);
      requireRefused(file, flipped);
      requireRefused(file, Arrays.copyOf(whole, at));
    }
    requireRefused(file, Arrays.copyOf(whole, whole.length + 1));
  }

  @Test
  void aBlockThatIsMissingOrRepeatedIsFound() throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    int[] ends = new int[3];
    SnapshotHeader header = new SnapshotHeader("c", 0, LogPosition.START, 0, 0);
    try (SnapshotOutput snapshot = new SnapshotOutput(out, header)) {
      ends[0] = out.size();
      snapshot.row(SnapshotTable.ACCOUNTS).writeLong(1);
      snapshot.row(SnapshotTable.SESSIONS).writeLong(2);
      ends[1] = out.size();
      snapshot.row(SnapshotTable.MESSAGES).writeLong(3);
      ends[2] = out.size();
      snapshot.finish();
    }
    byte[] whole = out.toByteArray();
    Path file = directory.resolve("damaged");
    Files.write(file, whole);
    Snapshots.verify(file);
    byte[] first = Arrays.copyOfRange(whole, ends[0], ends[1]);
    byte[] second = Arrays.copyOfRange(whole, ends[1], ends[2]);
    byte[] rest = Arrays.copyOfRange(whole, ends[2], whole.length);
    byte[] start = Arrays.copyOf(whole, ends[0]);
    requireRefused(file, joined(start, second, rest));
    requireRefused(file, joined(start, first, rest));
    requireRefused(file, joined(start, second, first, rest));
    requireRefused(file, joined(start, first, second, second, rest));
  }

  private static byte[] joined(byte[]... parts) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      out.write(part);
    }
    return out.toByteArray();
  }

  private void requireRefused(Path file, byte[] content) throws IOException {
    Files.write(file, content);
    assertThatThrownBy(() -> Snapshots.verify(file)).isInstanceOf(DamagedSnapshotException.class);
    Path database = directory.resolve("never");
    assertThatThrownBy(() -> Snapshots.load(file, database, LogPosition.START))
        .isInstanceOf(DamagedSnapshotException.class);
    assertThat(database).doesNotExist();
  }

  @Test
  void aSnapshotOfAnotherVersionIsRefusedAsSuch() throws Exception {
    Path file;
    try (H2ChatState state = H2ChatState.open(directory.resolve("original"))) {
      file = snapshot(state);
    }
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file));
    int length = 16 + bytes.getInt(12);
    bytes.putInt(8, 2);
    CRC32C crc = new CRC32C();
    crc.update(bytes.array(), 0, length);
    bytes.putInt(length, (int) crc.getValue());
    Files.write(file, bytes.array());
    assertThatThrownBy(() -> Snapshots.readHeader(file))
        .isInstanceOf(UnknownSnapshotException.class)
        .hasMessageContaining("format version 2");
  }

  @Test
  void aDatabaseIsMadeInAnEmptyDirectoryOnly() throws Exception {
    try (H2ChatState state = H2ChatState.open(directory.resolve("original"))) {
      Path snapshot = snapshot(state);
      Path full = Files.createDirectory(directory.resolve("full"));
      Files.writeString(full.resolve("file"), "kept");
      assertThatThrownBy(() -> Snapshots.load(snapshot, full, LogPosition.START))
          .isInstanceOf(DirectoryNotEmptyException.class);
      assertThat(full).isDirectoryContaining(file -> file.endsWith("file"));
    }
  }

  private static void awaitUninterruptibly(CountDownLatch latch) {
    try {
      assertThat(latch.await(60, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private Path snapshot(H2ChatState state) throws IOException {
    Path file = Files.createTempFile(directory, "state", ".snapshot");
    try (OutputStream out = Files.newOutputStream(file)) {
      LogPosition position = state.writeSnapshot("c-1", 7, out);
      out.flush();
      assertThat(Snapshots.verify(file).position()).isEqualTo(position);
    }
    return file;
  }

  private H2ChatState load(Path snapshot, LogPosition as) throws Exception {
    Path database = directory.resolve("loaded" + ++loads);
    Snapshots.load(snapshot, database, as);
    return H2ChatState.open(database);
  }
}
