package chat.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import chat.server.chat.Command;
import chat.server.chat.CommandLog;
import chat.server.log.HardStateFile;
import chat.server.log.LogOptions;
import chat.server.log.SegmentedLog;
import chat.server.replication.Epoch;
import chat.server.replication.HardState;
import chat.server.replication.Incarnation;
import chat.server.replication.LogPosition;
import chat.server.replication.ServerId;
import chat.server.replication.View;
import chat.server.storage.H2ChatState;
import chat.server.storage.Snapshots;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A start on whatever a crash, a trimmed log and a broken database leave. */
class RecoveryTest {
  private static final int ENTRIES = 200;
  private static final ServerId ID = new ServerId(1);
  private static final ServerLimits LIMITS =
      new ServerLimits(16384, 65536, 10000, 50, 1000, 19456, 2, 4096, 1 << 20, 100, 0);

  @TempDir Path place;

  private final CommandLog commands = new CommandLog();
  private DataDirectory.Opened server;

  RecoveryTest() {
    for (int i = 0; i < ENTRIES; i++) {
      commands.add(new Command.CreateAccount(1_000_000L + i, "user" + i, "hash".repeat(20), ""));
    }
  }

  @BeforeEach
  void fillLogAndDatabase() throws Exception {
    server =
        DataDirectory.open(place, new StartFlags(ID, null, 1, null, null, false, false), LIMITS);
    new HardStateFile(server.directory().stateFile())
        .store(HardState.empty(View.unborn(Set.of(ID))));
    LogOptions small = LogOptions.ofSegmentBytes(LIMITS.logSegmentBytes());
    try (SegmentedLog log = SegmentedLog.open(server.directory().logDirectory(), small)) {
      for (int i = 1; i <= ENTRIES; i++) {
        log.append(commands.slice(i, i), i);
      }
      log.sync();
      assertThat(log.extents()).hasSizeGreaterThan(4);
    }
    try (H2ChatState state = H2ChatState.open(database())) {
      state.apply(commands.slice(1, 150));
    }
  }

  @Test
  void aDatabaseThatTheLogFollowsIsUsed() throws IOException {
    trim(100);
    requireStartsAt(150);
  }

  @Test
  void aLostDatabaseIsBuiltAnewFromAWholeLog() throws IOException {
    H2ChatState.discard(database());
    requireStartsAt(0);
    garble();
    requireStartsAt(0);
    Recovery.distrust(database());
    requireStartsAt(0);
    assertThat(database().resolve("distrusted")).doesNotExist();
  }

  @Test
  void aLostDatabaseBesideATrimmedLogIsAnOutcomeOfItsOwn() throws IOException {
    trim(100);
    H2ChatState.discard(database());
    requireLost("has applied 0");
  }

  @Test
  void aDatabaseThatCannotBeReadBesideATrimmedLogIsLeftAsItIs() throws IOException {
    trim(100);
    byte[] garbled = garble();
    requireLost("cannot be used");
    assertThat(database().resolve("chat.mv.db")).hasBinaryContent(garbled);
  }

  @Test
  void aDatabaseThatFailedInUseBesideATrimmedLogIsLeftAsItIs() throws IOException {
    trim(100);
    Recovery.distrust(database());
    requireLost("failed in use");
    assertThat(database().resolve("distrusted")).exists();
    assertThat(database().resolve("chat.mv.db")).exists();
  }

  @Test
  void aDatabaseOfAnotherLogBesideATrimmedLogIsLost() throws Exception {
    trim(100);
    H2ChatState.discard(database());
    CommandLog other = new CommandLog();
    for (int i = 0; i < 150; i++) {
      other.add(new Command.CreateAccount(2_000_000L + i, "other" + i, "hash", ""));
    }
    try (H2ChatState state = H2ChatState.open(database())) {
      state.apply(other.slice(1, 150));
    }
    requireLost("does not follow");
  }

  @Test
  void aDatabaseMadeOfASnapshotMendsIt() throws Exception {
    Path snapshot = place.resolve("snapshot");
    try (H2ChatState state = H2ChatState.open(database());
        OutputStream out = Files.newOutputStream(snapshot)) {
      state.writeSnapshot("c", 0, out);
    }
    trim(100);
    H2ChatState.discard(database());
    requireLost("has applied 0");
    H2ChatState.discard(database());
    LogPosition position = Snapshots.readHeader(snapshot).position();
    Snapshots.load(snapshot, database(), position);
    requireStartsAt(150);
  }

  @Test
  void aCreatedLogBesideADatabaseOfItsStartIsUsed() throws Exception {
    Path log = server.directory().logDirectory();
    empty(log);
    SegmentedLog.create(log, commands.at(150)).close();
    Recovery found = Recovery.open(server.config(), server.directory());
    assertThat(found.restored().committed()).isEqualTo(commands.at(150));
    assertThat(found.restored().tail()).isEmpty();
    close(found);
  }

  @Test
  void aDatabaseThatIsAllThatIsLeftIsKept() throws Exception {
    empty(server.directory().logDirectory());
    assertThatThrownBy(() -> Recovery.open(server.config(), server.directory()))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("applied entry 150, the log ends at entry 0");
    try (H2ChatState state = H2ChatState.open(database())) {
      assertThat(state.position()).isEqualTo(commands.at(150));
    }
  }

  @Test
  void aServerThatHasLostItsHardStateDoesNotStartAsANewOne() throws Exception {
    Path state = server.directory().stateFile();
    Files.delete(state);
    assertThatThrownBy(() -> Recovery.open(server.config(), server.directory()))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("no 'state'");
    assertThat(state).doesNotExist();
  }

  @Test
  void aServerThatHasLostItsLogAndItsDatabaseDoesNotServeWithNothing() throws Exception {
    HardStateFile file = new HardStateFile(server.directory().stateFile());
    View unborn = file.load().orElseThrow().view();
    View born = new View(Epoch.of(1, ID), unborn.members(), ID, unborn.cluster());
    HardState state = new HardState(new Incarnation(7), born, Epoch.ZERO, Epoch.ZERO, null, 1);
    file.store(state);
    requireStartsAt(150);
    file.store(state);
    H2ChatState.discard(database());
    empty(server.directory().logDirectory());
    requireNoLog();
    Files.delete(place.resolve("log"));
    requireNoLog();
    assertThat(file.load()).contains(state);
  }

  private void requireNoLog() {
    assertThatThrownBy(() -> Recovery.open(server.config(), server.directory()))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("nothing in 'log'");
  }

  @Test
  void aDiskPutBackAsItWasBeforeTheLastStartDoesNotStartUnderThatNumber() throws Exception {
    long first = startNumber();
    byte[] copy = Files.readAllBytes(server.directory().stateFile());
    long last = startNumber();
    assertThat(last).isGreaterThan(first);
    requireOtherThan(last, copy);
  }

  @Test
  void aDiskThatHasLostAllButItsIdDoesNotStartUnderTheNumberOfItsFirstStart() throws Exception {
    byte[] never = Files.readAllBytes(server.directory().stateFile());
    requireOtherThan(startNumber(), never);
  }

  /** Several times, for one of many thousands is the same by chance. */
  private void requireOtherThan(long number, byte[] state) throws IOException {
    Set<Long> others = new HashSet<>();
    for (int i = 0; i < 4; i++) {
      Files.write(server.directory().stateFile(), state);
      others.add(startNumber());
    }
    assertThat(others).hasSizeGreaterThan(1);
    others.remove(number);
    assertThat(others).isNotEmpty();
  }

  private long startNumber() throws IOException {
    Recovery found = Recovery.open(server.config(), server.directory());
    close(found);
    return found.hardState().incarnation().value();
  }

  private static void empty(Path folder) throws IOException {
    try (var files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
  }

  private void requireStartsAt(long applied) throws IOException {
    Recovery found = Recovery.open(server.config(), server.directory());
    assertThat(found.state().position()).isEqualTo(commands.at(applied));
    assertThat(found.restored().committed()).isEqualTo(commands.at(ENTRIES));
    long behind = found.state().position().index();
    found.state().apply(found.log().read(behind, ENTRIES, Integer.MAX_VALUE));
    assertThat(found.state().position()).isEqualTo(commands.at(ENTRIES));
    close(found);
  }

  private static void close(Recovery found) throws IOException {
    found.state().close();
    found.log().close();
  }

  private void requireLost(String why) {
    assertThatThrownBy(() -> Recovery.open(server.config(), server.directory()))
        .isInstanceOfSatisfying(
            StateLostException.class, lost -> assertThat(lost.firstIndex()).isBetween(2L, 100L))
        .hasMessageContaining(why)
        .hasMessageContaining("snapshot");
  }

  private void trim(long before) throws IOException {
    try (SegmentedLog log = SegmentedLog.open(server.directory().logDirectory())) {
      log.trimBefore(before);
      assertThat(log.firstIndex()).isGreaterThan(1);
    }
  }

  private byte[] garble() throws IOException {
    byte[] garbled = new byte[20_000];
    Arrays.fill(garbled, (byte) 'x');
    Files.write(database().resolve("chat.mv.db"), garbled);
    return garbled;
  }

  private Path database() throws IOException {
    return server.directory().databaseDirectory();
  }
}
