package chat.server.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import chat.server.chat.ChatQueries;
import chat.server.chat.ChatStateMachine;
import chat.server.chat.Command;
import chat.server.chat.CommandCodec;
import chat.server.chat.CommandLog;
import chat.server.chat.MemoryTables;
import chat.server.chat.Outcome;
import chat.server.chat.StoredMessage;
import chat.server.replication.Entry;
import chat.server.replication.LogPosition;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class H2ChatStateTest {
  private static final long DAY = 24L * 3_600_000_000L;
  private static final int DAMAGES = Integer.getInteger("state.damages", 100);
  private static final int ENTRIES = Integer.getInteger("state.entries", 8_000);

  @TempDir Path directory;

  private final long seed = Long.getLong("state.seed", System.nanoTime() & 0xffffff);

  // Determinism

  @Test
  void oneLogMakesOneStateHoweverItIsAppliedClosedOrCrashed() throws Exception {
    System.out.println("state: seed " + seed);
    CommandLog log = RandomCommands.log(seed, ENTRIES);
    Random dice = new Random(seed);
    List<Outcome> expected = byTheRules(log);
    long digest;
    try (H2ChatState state = H2ChatState.open(directory.resolve("single"))) {
      for (long i = 1; i <= log.size(); i++) {
        assertThat(CommandLog.apply(state, log.slice(i, i)))
            .as("entry %d, seed %d", i, seed)
            .containsExactly(expected.get((int) i - 1));
      }
      digest = state.digest();
    }
    assertThat(expected.stream().map(Object::getClass).distinct().count())
        .as("kinds of outcomes")
        .isGreaterThan(15);
    try (H2ChatState state = H2ChatState.open(directory.resolve("single"))) {
      assertThat(state.digest()).as("opened again, seed %d", seed).isEqualTo(digest);
    }
    try (H2ChatState state = H2ChatState.open(directory.resolve("batches"))) {
      assertThat(replay(state, log, dice, log.size())).isEqualTo(expected);
      assertThat(state.digest()).as("in batches, seed %d", seed).isEqualTo(digest);
    }
    assertThat(reopening(log, dice, expected)).as("reopened, seed %d", seed).isEqualTo(digest);
    assertThat(crashing(log, dice, expected)).as("crashed, seed %d", seed).isEqualTo(digest);
  }

  /** What comes of a log where nothing is ever written anywhere. */
  private static List<Outcome> byTheRules(CommandLog log) {
    ChatStateMachine rules = new ChatStateMachine(new MemoryTables());
    List<Outcome> outcomes = new ArrayList<>();
    for (Entry entry : log.slice(1, log.size())) {
      outcomes.add(
          entry.payload().length == 0
              ? new Outcome.Nothing()
              : rules.apply(entry.index(), CommandCodec.decode(entry.payload())));
    }
    return outcomes;
  }

  @Test
  void theDatabaseFollowsWhileMoreIsApplied() throws Exception {
    System.out.println("database following: seed " + seed);
    CommandLog log = RandomCommands.log(seed, 6_000);
    Random dice = new Random(seed);
    List<Outcome> expected;
    long digest;
    try (H2ChatState state = H2ChatState.open(directory.resolve("alone"))) {
      expected = replay(state, log, dice, log.size());
      digest = state.digest();
    }
    Path copy = directory.resolve("copy");
    try (H2ChatState state = H2ChatState.open(directory.resolve("followed"))) {
      AtomicBoolean stop = new AtomicBoolean();
      CompletableFuture<Integer> writes =
          CompletableFuture.supplyAsync(
              () -> {
                int written = 0;
                while (!stop.get()) {
                  state.write();
                  if (++written % 20 == 0) {
                    state.checkpoint();
                  }
                }
                return written;
              });
      List<Outcome> outcomes = replay(state, log, dice, log.size());
      copy(directory.resolve("followed"), copy);
      stop.set(true);
      System.out.println("database following: " + writes.get(60, TimeUnit.SECONDS) + " writes");
      assertThat(outcomes).as("seed %d", seed).isEqualTo(expected);
      assertThat(state.digest()).as("seed %d", seed).isEqualTo(digest);
    }
    // As a crash in the midst of it leaves it.
    try (H2ChatState state = H2ChatState.open(copy)) {
      int from = (int) state.position().index();
      assertThat(state.position()).isEqualTo(log.at(from));
      assertThat(replay(state, log, dice, log.size()))
          .as("seed %d", seed)
          .isEqualTo(expected.subList(from, (int) log.size()));
      assertThat(state.digest()).as("crashed, seed %d", seed).isEqualTo(digest);
    }
  }

  @Test
  void whatIsNotWrittenIsBoundedInBytesByWhoeverApplies() throws Exception {
    CommandLog log = twoAccounts();
    String text = "x".repeat(16 * 1024);
    for (int i = 0; i < 1_100; i++) {
      log.add(send(DAY, i % 2 == 0 ? "ann" : "bob", text, ""));
    }
    try (H2ChatState state = H2ChatState.open(directory);
        Connection other = DriverManager.getConnection(H2Database.appendingUrl(directory))) {
      CommandLog.apply(state, log.slice(1, log.size()));
      assertThat(AppliedRow.read(other).position()).isEqualTo(LogPosition.START);
      CommandLog.apply(state, List.of(log.add(send(DAY, "ann", text, ""))));
      assertThat(AppliedRow.read(other).position()).isEqualTo(log.at(log.size() - 1));
    }
  }

  private long reopening(CommandLog log, Random dice, List<Outcome> expected) throws Exception {
    Path there = directory.resolve("reopened");
    while (true) {
      try (H2ChatState state = H2ChatState.open(there)) {
        long from = state.position().index();
        assertThat(state.position()).isEqualTo(log.at(from));
        long to = Math.min(log.size(), from + dice.nextInt(1500));
        assertThat(replay(state, log, dice, to)).isEqualTo(expected.subList((int) from, (int) to));
        if (to == log.size()) {
          return state.digest();
        }
      }
    }
  }

  private long crashing(CommandLog log, Random dice, List<Outcome> expected) throws Exception {
    H2ChatState state = H2ChatState.open(directory.resolve("crash0"));
    int crashes = 0;
    while (state.position().index() < log.size()) {
      long from = state.position().index();
      long to = Math.min(log.size(), from + 1 + dice.nextInt(1500));
      assertThat(replay(state, log, dice, to)).isEqualTo(expected.subList((int) from, (int) to));
      if (to < log.size()) {
        if (dice.nextBoolean()) {
          state.checkpoint();
          long more = Math.min(log.size(), to + dice.nextInt(100));
          assertThat(replay(state, log, dice, more))
              .isEqualTo(expected.subList((int) to, (int) more));
        }
        Path next = directory.resolve("crash" + ++crashes);
        copy(directory.resolve("crash" + (crashes - 1)), next);
        state.close();
        state = H2ChatState.open(next);
        assertThat(state.position()).isEqualTo(log.at(state.position().index()));
      }
    }
    assertThat(crashes).isPositive();
    long digest = state.digest();
    state.close();
    return digest;
  }

  @Test
  void mailboxesAreRightWhereverACrashFallsInTheirRounds() throws Exception {
    System.out.println("mailboxes: seed " + seed);
    Random dice = new Random(seed);
    CommandLog log = RandomCommands.log(seed, 4_000);
    List<Long> digests = new ArrayList<>();
    List<Path> copies = new ArrayList<>();
    List<Long> ends = new ArrayList<>();
    H2ChatState.Pace pace = new H2ChatState.Pace(0, 1 + dice.nextInt(100), 1 + dice.nextInt(3));
    try (H2ChatState state = H2ChatState.open(directory.resolve("running"), pace)) {
      while (state.position().index() < log.size()) {
        long from = state.position().index();
        replay(state, log, dice, Math.min(log.size(), from + 1 + dice.nextInt(60)));
        state.write();
        if (dice.nextInt(8) == 0) {
          state.checkpoint();
          ends.add(state.position().index());
          digests.add(state.digest());
          copies.add(directory.resolve("crash" + copies.size()));
          copy(directory.resolve("running"), copies.get(copies.size() - 1));
        }
      }
    }
    assertThat(copies).isNotEmpty();
    for (int i = 0; i < copies.size(); i++) {
      try (H2ChatState state = H2ChatState.open(copies.get(i), pace)) {
        assertThat(state.position()).isEqualTo(log.at(ends.get(i)));
        assertThat(state.digest()).as("crash %d, seed %d", i, seed).isEqualTo(digests.get(i));
      }
      try (Connection connection =
          DriverManager.getConnection(H2Database.appendingUrl(copies.get(i)))) {
        // Closed in order: all of them are written.
        assertThat(AppliedRow.read(connection).mailboxesIndex()).isEqualTo(ends.get(i));
      }
    }
  }

  /** Applies up to an index, in random batches. */
  private static List<Outcome> replay(H2ChatState state, CommandLog log, Random dice, long to) {
    List<Outcome> outcomes = new ArrayList<>();
    while (state.position().index() < to) {
      long first = state.position().index() + 1;
      long last = Math.min(to, first + dice.nextInt(dice.nextBoolean() ? 4 : 300));
      outcomes.addAll(CommandLog.apply(state, log.slice(first, last)));
    }
    return outcomes;
  }

  @Test
  void aCrashWhileADayBeginsLosesNoRequestId() throws Exception {
    for (int days = 1; days <= 5; days++) {
      Path before = directory.resolve("before" + days);
      Path crashed = directory.resolve("crashed" + days);
      CommandLog log = dayBegins(days);
      // What has no bytes of a command stops the server after the tables are emptied.
      log.add(new byte[] {1, 99});
      try (H2ChatState state = H2ChatState.open(before)) {
        CommandLog.apply(state, log.slice(1, 3));
        assertThatThrownBy(() -> CommandLog.apply(state, log.slice(4, 6)))
            .isInstanceOf(IllegalArgumentException.class);
        state.checkpoint();
        copy(before, crashed);
      }
      CommandLog whole = dayBegins(days);
      whole.add(send(20_000 * DAY + days * DAY, "ann", "x", "r1"));
      try (H2ChatState state = H2ChatState.open(crashed)) {
        long from = state.position().index();
        assertThat(state.position()).isEqualTo(whole.at(from));
        CommandLog.apply(state, whole.slice(from + 1, 6));
        // One day later to the microsecond is within what is remembered; more is not.
        assertThat(state.queries().undeliveredCount(1)).isEqualTo(days == 1 ? 2 : 3);
      }
    }
  }

  /** A message, its repeat, and a message some days later. */
  private static CommandLog dayBegins(int days) {
    CommandLog log = new CommandLog();
    long time = 20_000 * DAY;
    log.add(new Command.CreateAccount(time, "ann", "hash", ""));
    log.add(new Command.Login(time, 1, CommandLog.token(1), false));
    log.add(send(time, "ann", "x", "r1"));
    log.add(send(time, "ann", "x", "r1"));
    log.add(send(time + days * DAY, "ann", "y", "r2"));
    return log;
  }

  @Test
  void anIdOfAClockThatIsAheadIsKnownWhenItsTimeHasCome() throws Exception {
    int tried = 0;
    for (long minutesAhead : new long[] {0, 30, 59, 61, 119, 1_200, 1_439, 1_499, 1_560, 2_400}) {
      for (long minutesLater : new long[] {0, 1, 45, minutesAhead - 59, minutesAhead, 1_499}) {
        if (minutesLater >= 0 && minutesLater < 1_500) {
          requireKnown(directory.resolve("ahead" + tried++), minutesAhead, minutesLater);
        }
      }
    }
    assertThat(tried).isGreaterThan(40);
  }

  /** While it is in memory, when the database has it, and when that was opened again. */
  private static void requireKnown(Path there, long minutesAhead, long minutesLater)
      throws Exception {
    long minute = 60_000_000;
    long made = 20_000 * DAY + 5 * minute;
    CommandLog log = new CommandLog();
    log.add(new Command.CreateAccount(made, "ann", "hash", ""));
    log.add(new Command.Login(made, 1, CommandLog.token(1), false));
    String id = GrowingIds.limit(made + minutesAhead * minute - 1_000) + "-7000-8000-000000000001";
    log.add(send(made, "ann", "x", id));
    log.add(new Command.Login(made + minutesLater * minute, 1, CommandLog.token(2), true));
    for (int i = 0; i < 3; i++) {
      log.add(
          new Command.SendMessage(
              made + minutesLater * minute, CommandLog.token(2), "ann", "x", id, false, 1_000));
    }
    String what = minutesAhead + " minutes ahead, " + minutesLater + " later";
    try (H2ChatState state = H2ChatState.open(there)) {
      CommandLog.apply(state, log.slice(1, 4));
      requireDuplicate(state, log, 5, what + ", in memory");
      state.write();
      requireDuplicate(state, log, 6, what + ", written");
    }
    try (H2ChatState state = H2ChatState.open(there)) {
      requireDuplicate(state, log, 7, what + ", opened again");
    }
    Path before = there.resolveSibling(there.getFileName() + "-before");
    try (H2ChatState state = H2ChatState.open(before)) {
      CommandLog.apply(state, log.slice(1, 3));
    }
    try (H2ChatState state = H2ChatState.open(before)) {
      CommandLog.apply(state, log.slice(4, 4));
      requireDuplicate(state, log, 5, what + ", opened again before that");
    }
  }

  private static void requireDuplicate(H2ChatState state, CommandLog log, long at, String what) {
    assertThat(CommandLog.apply(state, log.slice(at, at)).get(0))
        .as(what)
        .isInstanceOfSatisfying(
            Outcome.MessageAccepted.class,
            accepted -> assertThat(accepted.duplicate()).as(what).isTrue());
  }

  @Test
  void whatIsAppliedIsReadBeforeItIsWritten() throws Exception {
    CommandLog log = new CommandLog();
    long time = 20_000 * DAY;
    for (int i = 1; i <= 2; i++) {
      log.add(new Command.CreateAccount(time, i == 1 ? "ann" : "bob", "hash", ""));
    }
    log.add(new Command.Login(time, 1, CommandLog.token(1), false));
    for (int i = 4; i <= 12; i++) {
      log.add(send(time, i % 3 == 0 ? "ann" : "bob", "text " + i, "r" + i));
    }
    try (H2ChatState state = H2ChatState.open(directory)) {
      CommandLog.apply(state, log.slice(1, 7));
      state.write();
      CommandLog.apply(state, log.slice(8, 12));
      assertThat(pages(state)).isEqualTo("[7, 8, 10] [8, 10, 11] [11, 10, 8, 7] [9] [12, 9, 6]");
      state.write();
      assertThat(pages(state)).isEqualTo("[7, 8, 10] [8, 10, 11] [11, 10, 8, 7] [9] [12, 9, 6]");
    }
  }

  private static String pages(H2ChatState state) {
    ChatQueries queries = state.queries();
    return Stream.of(
            queries.undelivered(2, 5, 3),
            queries.undelivered(2, 7, 9),
            queries.history(2, 1, 12, 4).messages(),
            queries.undelivered(1, 6, 1),
            queries.history(1, 1, Long.MAX_VALUE, 5).messages())
        .map(page -> page.stream().map(StoredMessage::messageId).toList().toString())
        .collect(Collectors.joining(" "));
  }

  @Test
  void entriesAreAppliedInOrderOnly() throws Exception {
    CommandLog log = RandomCommands.log(1, 10);
    try (H2ChatState state = H2ChatState.open(directory)) {
      CommandLog.apply(state, log.slice(1, 3));
      assertThatThrownBy(() -> CommandLog.apply(state, log.slice(5, 6)))
          .isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(() -> CommandLog.apply(state, log.slice(3, 4)))
          .isInstanceOf(IllegalStateException.class);
      assertThat(state.position()).isEqualTo(log.at(3));
    }
  }

  @Test
  void theLogIsNeededFromTheCheckpointBeforeTheLastOn() throws Exception {
    CommandLog log = RandomCommands.log(1, 60);
    try (H2ChatState state = H2ChatState.open(directory)) {
      CommandLog.apply(state, log.slice(1, 10));
      state.checkpoint();
      assertThat(state.safeIndex()).isZero();
      CommandLog.apply(state, log.slice(11, 20));
      assertThat(state.safeIndex()).isZero();
      state.checkpoint();
      assertThat(state.safeIndex()).isEqualTo(10);
      CommandLog.apply(state, log.slice(21, 30));
    }
    try (H2ChatState state = H2ChatState.open(directory)) {
      assertThat(state.position().index()).isEqualTo(30);
      assertThat(state.safeIndex()).isZero();
      CommandLog.apply(state, log.slice(31, 40));
      state.checkpoint();
      assertThat(state.safeIndex()).isEqualTo(30);
    }
  }

  @Test
  void aPathThatWouldBeReadAsSettingsIsRefused() {
    assertThatThrownBy(() -> H2ChatState.open(directory.resolve("a;b")))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("';'");
    assertThat(directory).isEmptyDirectory();
  }

  // Damage

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
    try (H2ChatState state = H2ChatState.open(directory, new H2ChatState.Pace(0, 100, 10))) {
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
    H2ChatState state = H2ChatState.open(directory, new H2ChatState.Pace(0, 100, 10));
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

  // Queries

  @Test
  void accountsArePagedInOrderWithoutRegardToCase() throws Exception {
    CommandLog log = new CommandLog();
    TreeMap<String, String> names = new TreeMap<>();
    Random dice = new Random(seed);
    for (int i = 0; i < 200; i++) {
      String key = "n" + Integer.toString(dice.nextInt(46_656), 36);
      String name = dice.nextBoolean() ? key : key.replace('n', 'N');
      if (names.putIfAbsent(key, name) == null) {
        log.add(new Command.CreateAccount(DAY, name, "hash", ""));
      }
    }
    log.add(new Command.CreateAccount(DAY, "zoe", "hash", ""));
    log.add(new Command.Login(DAY, log.size(), CommandLog.token(1), false));
    log.add(new Command.AttachStream(DAY, CommandLog.token(1), 4, 1));
    try (H2ChatState state = H2ChatState.open(directory)) {
      CommandLog.apply(state, log.slice(1, log.size()));
      ChatQueries queries = state.queries();
      for (String filter : new String[] {"", "*", "n*", "N*", "n?"}) {
        List<String> expected = new ArrayList<>(names.values());
        expected.removeIf(name -> filter.equals("n?") && name.length() != 2);
        if (filter.isEmpty() || filter.equals("*")) {
          expected.add("zoe");
        }
        List<String> found = new ArrayList<>();
        String after = null;
        while (true) {
          List<ChatQueries.AccountLine> page = queries.accounts(filter, after, 7);
          if (page.isEmpty()) {
            break;
          }
          page.forEach(line -> found.add(line.username()));
          after = page.get(page.size() - 1).username();
        }
        assertThat(found).as("filter %s, seed %d", filter, seed).isEqualTo(expected);
      }
      assertThat(queries.accounts("z*", "aaa", 5))
          .containsExactly(new ChatQueries.AccountLine("zoe", true));
      assertThat(queries.accounts("a*", "zz", 5)).isEmpty();
      assertThat(queries.accounts("nobody", null, 5)).isEmpty();
    }
  }

  @Test
  void undeliveredMessagesArePagedInOrder() throws Exception {
    CommandLog log = twoAccounts();
    List<Long> ids = new ArrayList<>();
    for (int i = 0; i < 53; i++) {
      log.add(send(DAY, "ann", "to myself", ""));
      ids.add(log.add(send(DAY, "bob", "text " + i, "")).index());
    }
    try (H2ChatState state = H2ChatState.open(directory)) {
      CommandLog.apply(state, log.slice(1, log.size()));
      List<Long> found = new ArrayList<>();
      long after = 0;
      while (true) {
        List<StoredMessage> page = state.queries().undelivered(2, after, 10);
        if (page.isEmpty()) {
          break;
        }
        assertThat(page).hasSizeLessThanOrEqualTo(10);
        page.forEach(message -> found.add(message.messageId()));
        after = found.get(found.size() - 1);
      }
      assertThat(found).isEqualTo(ids);
      assertThat(state.queries().undeliveredCount(2)).isEqualTo(53);
      assertThat(state.queries().undelivered(2, ids.get(51), 10))
          .extracting(StoredMessage::text)
          .containsExactly("text 52");
      assertThat(state.queries().undelivered(99, 0, 10)).isEmpty();
    }
  }

  @Test
  void aHistoryIsNewestFirstAndHoldsBothDirections() throws Exception {
    CommandLog log = twoAccounts();
    log.add(new Command.CreateAccount(DAY, "eve", "hash", ""));
    List<Long> between = new ArrayList<>();
    List<Long> alone = new ArrayList<>();
    Random dice = new Random(seed);
    for (int i = 0; i < 120; i++) {
      int kind = dice.nextInt(4);
      if (kind == 0) {
        log.add(send(DAY, "eve", "x", ""));
      } else if (kind == 1) {
        alone.add(0, log.add(send(DAY, "ann", "note", "")).index());
      } else {
        Command forth = send(DAY, "bob", "forth", "");
        Command back =
            new Command.SendMessage(DAY, CommandLog.token(2), "ann", "back", "", false, 1000);
        between.add(0, log.add(kind == 2 ? forth : back).index());
      }
    }
    try (H2ChatState state = H2ChatState.open(directory)) {
      CommandLog.apply(state, log.slice(1, log.size()));
      for (int limit : new int[] {1, 7, 1000}) {
        assertThat(history(state.queries(), 1, 2, limit)).as("seed %d", seed).isEqualTo(between);
        assertThat(history(state.queries(), 2, 1, limit)).isEqualTo(between);
        assertThat(history(state.queries(), 1, 1, limit)).isEqualTo(alone);
      }
      assertThat(history(state.queries(), 2, log.slice(5, 5).get(0).index(), 5)).isEmpty();
      StoredMessage newest = state.queries().history(2, 1, Long.MAX_VALUE, 1).messages().get(0);
      assertThat(newest.text()).isEqualTo(newest.senderId() == 1 ? "forth" : "back");
    }
  }

  @Test
  void aHistoryThatIsRareAmongMuchElseComesInPartsAndWhole() throws Exception {
    CommandLog log = twoAccounts();
    log.add(new Command.CreateAccount(DAY, "eve", "hash", ""));
    List<Long> between = new ArrayList<>();
    Random dice = new Random(seed);
    for (int i = 0; i < 4 * H2Queries.VISITED_MAX; i++) {
      // Both have many: ann writes to herself, and bob to himself.
      long id = log.add(send(DAY, "ann", "x", "")).index();
      log.add(new Command.Acknowledge(DAY, CommandLog.token(1), id));
      id =
          log.add(new Command.SendMessage(DAY, CommandLog.token(2), "bob", "y", "", false, 1000))
              .index();
      log.add(new Command.Acknowledge(DAY, CommandLog.token(2), id));
      if (dice.nextInt(3_000) == 0) {
        between.add(0, log.add(send(DAY, "bob", "rare", "")).index());
      }
    }
    try (H2ChatState state = H2ChatState.open(directory)) {
      CommandLog.apply(state, log.slice(1, log.size()));
      assertThat(history(state.queries(), 1, 2, 10)).as("seed %d", seed).isEqualTo(between);
      assertThat(history(state.queries(), 2, 1, 1)).as("seed %d", seed).isEqualTo(between);
      // One has none: nothing is looked at.
      assertThat(state.queries().history(1, 5, Long.MAX_VALUE, 10))
          .isEqualTo(new ChatQueries.History(List.of(), 0));
      ChatQueries.History first = state.queries().history(1, 2, Long.MAX_VALUE, 3);
      assertThat(first.before()).as("a bounded look").isPositive();
      // One more than the other: now it is the other's chain that is followed.
      CommandLog.apply(state, List.of(log.add(send(DAY, "ann", "x", ""))));
      assertThat(pagesFrom(state.queries(), 1, 2, first, 3)).isEqualTo(between);
    }
  }

  private static List<Long> history(ChatQueries queries, long account, long peer, int limit) {
    ChatQueries.History first = queries.history(account, peer, Long.MAX_VALUE, limit);
    return pagesFrom(queries, account, peer, first, limit);
  }

  private static List<Long> pagesFrom(
      ChatQueries queries, long account, long peer, ChatQueries.History first, int limit) {
    List<Long> found = new ArrayList<>();
    ChatQueries.History page = first;
    while (true) {
      assertThat(page.messages()).hasSizeLessThanOrEqualTo(limit);
      page.messages().forEach(message -> found.add(message.messageId()));
      if (page.before() == 0) {
        return found;
      }
      page = queries.history(account, peer, page.before(), limit);
    }
  }

  /** Ann is account 1 with token 1, Bob 2 with token 2. */
  private static CommandLog twoAccounts() {
    CommandLog log = new CommandLog();
    log.add(new Command.CreateAccount(DAY, "ann", "hash", ""));
    log.add(new Command.CreateAccount(DAY, "bob", "hash", ""));
    log.add(new Command.Login(DAY, 1, CommandLog.token(1), false));
    log.add(new Command.Login(DAY, 2, CommandLog.token(2), false));
    return log;
  }

  private static Command send(long time, String to, String text, String requestId) {
    return new Command.SendMessage(time, CommandLog.token(1), to, text, requestId, false, 1000);
  }

  private static void copy(Path from, Path to) throws Exception {
    Files.createDirectories(to);
    try (var files = Files.list(from)) {
      // What was marked first: the database may go on meanwhile. Not a mark that is being written.
      for (Path file : files.filter(file -> !file.toString().endsWith(".tmp")).sorted().toList()) {
        Files.copy(
            file, to.resolve(file.getFileName().toString()), StandardCopyOption.REPLACE_EXISTING);
      }
    }
  }
}
