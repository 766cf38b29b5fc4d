package chat.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import chat.server.admin.AdminOperations;
import chat.server.admin.RefusedCommandException;
import chat.server.chat.Command;
import chat.server.chat.CommandCodec;
import chat.server.replication.HardState;
import chat.server.replication.Identity;
import chat.server.replication.Replica;
import chat.server.replication.ServerId;
import chat.server.replication.Settings;
import chat.server.replication.Status;
import chat.server.runtime.Applier;
import chat.server.runtime.LogRetention;
import chat.server.runtime.ReplicaLoop;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a server does at an operator's word, without its network. */
@Timeout(60)
class ServerAdminTest {
  private static final ServerId SELF = new ServerId(1);
  private static final ServerLimits LIMITS =
      new ServerLimits(16384, 65536, 10000, 50, 1000, 19456, 2, 4096, 1 << 20, 100, 0);

  @TempDir Path root;

  private final List<Throwable> failures = new CopyOnWriteArrayList<>();
  private final List<End> ends = new ArrayList<>();
  private Path place;
  private Path backup;
  private DataDirectory.Opened opened;
  private Recovery disk;
  private Applier applier;
  private ReplicaLoop loop;
  private Runnable whileItIsBuilt = () -> {};
  private Runnable onceItStandsStill = () -> {};

  @BeforeEach
  void serveAlone() throws Exception {
    place = root.resolve("data");
    backup = root.resolve("backup");
    opened =
        DataDirectory.open(place, new StartFlags(SELF, null, 1, null, null, false, false), LIMITS);
    disk = Recovery.open(opened.config(), opened.directory());
    applier = new Applier(disk.state(), disk.log(), failures::add);
    Replica replica =
        new Replica(
            new Identity(
                SELF, new TreeSet<>(List.of(SELF)), opened.directory().diskId(), "cluster", ""),
            Settings.DEFAULT,
            disk.hardState(),
            disk.restored(),
            new SplittableRandom(1),
            System.nanoTime());
    loop =
        new ReplicaLoop(
            replica, disk.log(), disk.hardStates(), applier, LogRetention.DEFAULT, failures::add);
    applier.start(applied -> {});
    loop.start(
        envelope -> {}, (target, answer) -> answer.accept(false), status -> {}, ending -> {});
    await().until(this::serves);
    try (OutputStream out = Files.newOutputStream(backup)) {
      disk.state().writeSnapshot("another", 1, out);
    }
  }

  @AfterEach
  void stop() throws IOException {
    standStill();
    disk.state().close();
    disk.log().close();
    assertThat(failures).isEmpty();
  }

  private boolean serves() {
    Status status = loop.status();
    return status != null && status.serving() && !status.paused();
  }

  private void standStill() {
    loop.fallSilent();
    applier.close();
  }

  private ServerAdmin admin() {
    return new ServerAdmin(
        opened.config(),
        opened.directory(),
        disk,
        loop,
        new AddressBook(SELF, opened.config().cluster(), changed -> {}),
        new ServerSnapshots(opened.directory(), disk, loop::status, () -> {}),
        applier::appliedIndex,
        () -> whileItIsBuilt.run(),
        () -> {
          standStill();
          onceItStandsStill.run();
        },
        () -> !ends.isEmpty(),
        ends::add);
  }

  @Test
  void aBackupIsReadWhileThisServerIsPrimary() throws Exception {
    List<Path> built = new ArrayList<>();
    onceItStandsStill =
        () -> {
          for (String part : List.of("db", "base", "log", "state")) {
            built.add(place.resolve("next").resolve(part));
          }
          // All that is left to do is to say so.
          assertThat(built).allMatch(Files::exists);
          assertThat(place.resolve("swap")).doesNotExist();
        };
    AdminOperations.NewLineage begun = admin().restore(backup);
    assertThat(built).isNotEmpty();
    assertThat(ends).containsExactly(new End.Restart());
    assertThat(place.resolve("swap")).exists();
    assertThat(begun.lineage()).isGreaterThan(1);
  }

  @Test
  void anAccountThatIsMadeMeanwhileIsNotSetAside() throws Exception {
    whileItIsBuilt =
        () -> {
          Command alice = new Command.CreateAccount(1, "alice", "hash", "");
          var unused = loop.propose(CommandCodec.encode(alice), () -> true).join();
        };
    refuses("Accounts were made here");
  }

  @Test
  void aViewThatFollowsMeanwhileIsNotSetAside() throws Exception {
    onceItStandsStill =
        () -> {
          try {
            HardState now = disk.hardStates().load().orElseThrow();
            disk.hardStates()
                .store(
                    new HardState(
                        now.incarnation(),
                        now.view(),
                        now.promisedBase(),
                        now.promisedBallot(),
                        now.accepted(),
                        now.highestCounter() + 1));
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        };
    refuses("The view changed meanwhile");
  }

  @Test
  void aServerWhoseRunEndsMeanwhileDecidesNothing() throws Exception {
    whileItIsBuilt = () -> ends.add(new End.Stopped());
    refuses("The view changed meanwhile");
  }

  private void refuses(String words) {
    assertThatThrownBy(() -> admin().restore(backup))
        .isInstanceOf(RefusedCommandException.class)
        .hasMessageContaining(words);
    assertThat(place.resolve("swap")).doesNotExist();
    // It goes on with what it has.
    assertThat(ends).contains(new End.Restart());
  }
}
