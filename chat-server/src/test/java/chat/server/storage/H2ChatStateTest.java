package chat.server.storage;

import static chat.server.storage.StorageFixtures.DAY;
import static chat.server.storage.StorageFixtures.copy;
import static chat.server.storage.StorageFixtures.replay;
import static chat.server.storage.StorageFixtures.send;
import static chat.server.storage.StorageFixtures.twoAccounts;
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
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class H2ChatStateTest {
  private static final int ENTRIES = Integer.getInteger("state.entries", 8_000);

  @TempDir Path directory;

  private final long seed = Long.getLong("state.seed", System.nanoTime() & 0xffffff);

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

  @Test
  void sessionsOfOneTimeAreForgottenInOneOrder() throws Exception {
    CommandLog log = twoAccounts();
    for (int i = 3; i < 30; i++) {
      log.add(new Command.Login(DAY, 1, CommandLog.token(i), true));
    }
    long opened = log.size();
    for (int i = 1; i < 30; i++) {
      log.add(new Command.Logout(DAY, CommandLog.token(i)));
    }
    try (H2ChatState state = H2ChatState.open(directory)) {
      CommandLog.apply(state, log.slice(1, opened / 2));
    }
    try (H2ChatState state = H2ChatState.open(directory)) {
      CommandLog.apply(state, log.slice(opened / 2 + 1, opened));
    }
    try (H2ChatState state = H2ChatState.open(directory)) {
      List<Outcome> outcomes = CommandLog.apply(state, log.slice(opened + 1, log.size()));
      assertThat(outcomes).isEqualTo(byTheRules(log).subList((int) opened, (int) log.size()));
      assertThat(outcomes.stream().filter(Outcome.SessionTakenOver.class::isInstance)).hasSize(8);
    }
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
    Pace pace = new Pace(0, 1 + dice.nextInt(100), 1 + dice.nextInt(3), Checkpoints.USUAL);
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
  void whatIsAppliedForALineageThatDoesNotBeginIsForgotten() throws Exception {
    CommandLog log = RandomCommands.log(1, 60);
    long digest;
    try (H2ChatState state = H2ChatState.open(directory)) {
      CommandLog.apply(state, log.slice(1, 10));
      state.checkpoint();
      digest = state.digest();
      state.closeAsACrash();
      CommandLog.apply(state, log.slice(11, 20));
      state.write();
    }
    try (H2ChatState state = H2ChatState.open(directory)) {
      assertThat(state.position()).isEqualTo(log.at(10));
      assertThat(state.digest()).isEqualTo(digest);
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
}
