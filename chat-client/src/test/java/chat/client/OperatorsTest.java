package chat.client;

import static org.assertj.core.api.Assertions.assertThat;

import chat.client.Operator.Said;
import chat.client.demo.LocalCluster;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What operators do, at real servers by the real command line. */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class OperatorsTest {
  private static final Duration PATIENCE = Duration.ofMinutes(1);
  private static final String PASSWORD = "correct horse battery staple";
  private static final int MESSAGES = 50;

  @TempDir Path files;

  @SuppressWarnings("NullAway.Init") // each test starts its own, with its flags
  private LocalCluster cluster;

  private boolean passed;

  @AfterEach
  void stop() {
    if (!passed) {
      cluster.keep();
    }
    cluster.close();
  }

  private LocalCluster start(String... flags) throws Exception {
    List<String> all = new ArrayList<>(List.of("--password-memory-kib", "64"));
    all.addAll(List.of("--password-iterations", "1"));
    all.addAll(List.of(flags));
    LocalCluster started = LocalCluster.create(3, all.toArray(String[]::new)).startAll();
    started.awaitComplete(PATIENCE);
    return started;
  }

  @Test
  void aServerWhoseOthersAreGoneIsForcedToGoOn() throws Exception {
    cluster = start();
    List<Long> before = write("before", MESSAGES);
    cluster.killHard(1, 2, 3);
    Path lostForAWhile = files.resolve("server-2");
    Files.move(cluster.data(2), lostForAWhile);
    delete(cluster.data(3));
    cluster.start(1);
    awaitSaid("waiting for servers 2 and 3", "status");

    Said asked = admin("force-lineage");
    assertThat(asked.exitCode()).as(asked.text()).isEqualTo(2);
    assertThat(asked.text()).contains("lost for good").contains("--yes");
    Said forced = admin("force-lineage", "--yes");
    assertThat(forced.exitCode()).as(forced.text()).isZero();
    assertThat(forced.text()).contains("serves alone in lineage 257");

    cluster.awaitMembers(1, PATIENCE);
    assertThat(history()).isEqualTo(before);
    List<Long> after = write("after", MESSAGES);
    assertThat(after.get(0)).isGreaterThan(before.get(before.size() - 1) + (1L << 39));
    assertThat(admin("force-lineage", "--yes").text()).contains("there is nothing to force");

    // Its log does not reach back to the beginning any more, and yet a lost database comes back.
    cluster.killHard(1);
    delete(cluster.data(1).resolve("db"));
    cluster.start(1);
    cluster.awaitMembers(1, PATIENCE);
    assertThat(history()).hasSize(2 * MESSAGES).startsWith(before.toArray(Long[]::new));

    Files.move(lostForAWhile, cluster.data(2));
    cluster.start(2);
    cluster.awaitMembers(2, PATIENCE);
    assertThat(cluster.data(2).resolve("aside-1-1")).isDirectoryContaining("glob:**/log");

    cluster.start(3);
    awaitSaid("must say that it is replaced", "status");
    Said replaced = admin("replace", "3", "--yes");
    assertThat(replaced.exitCode()).as(replaced.text()).isZero();
    cluster.awaitComplete(PATIENCE);

    cluster.killHard(1);
    List<Long> everything = new ArrayList<>(before);
    everything.addAll(after);
    cluster.awaitMembers(2, PATIENCE);
    assertThat(history()).isEqualTo(everything);
    passed = true;
  }

  @Test
  void aBackupIsRestoredIntoAnEmptyCluster() throws Exception {
    cluster = start();
    List<Long> before = write("before", MESSAGES);
    Path backup = files.resolve("backup");
    Said made = admin("backup", backup.toString());
    assertThat(made.exitCode()).as(made.text()).isZero();
    assertThat(files)
        .isDirectoryContaining("glob:**/backup")
        .isDirectoryNotContaining("glob:**/*.part");
    Said refused = admin("restore", backup.toString(), "--yes");
    assertThat(refused.exitCode()).as(refused.text()).isEqualTo(1);
    assertThat(refused.text()).contains("into an empty cluster only");
    cluster.close();

    cluster = start();
    byte[] damaged = Files.readAllBytes(backup);
    damaged[damaged.length / 2] ^= 1;
    Path bad = Files.write(files.resolve("damaged"), damaged);
    assertThat(admin("restore", bad.toString(), "--yes").text()).contains("damaged");
    Said restored = admin("restore", backup.toString(), "--yes");
    assertThat(restored.exitCode()).as(restored.text()).isZero();
    cluster.awaitComplete(PATIENCE);
    assertThat(history()).isEqualTo(before);

    List<Long> everything = new ArrayList<>(before);
    everything.addAll(write("after", MESSAGES));
    assertThat(everything).isSorted().doesNotHaveDuplicates();
    cluster.killHard(cluster.primaryId());
    cluster.awaitMembers(2, PATIENCE);
    assertThat(history()).isEqualTo(everything);
    passed = true;
  }

  @Test
  void aServerThatWasAwayForTooLongReturnsBySnapshot() throws Exception {
    cluster = start("--log-segment-bytes", "65536", "--log-keep-bytes", "131072");
    List<Long> all = new ArrayList<>(write("before", MESSAGES));
    int away = cluster.primaryId() == 1 ? 2 : 1;
    cluster.killHard(away);
    all.addAll(write("meanwhile " + "x".repeat(4000), 4 * MESSAGES));
    all.addAll(writeUntilTrimmed(cluster.primaryId()));

    cluster.start(away);
    cluster.awaitComplete(PATIENCE);
    assertThat(cluster.data(away).resolve("base")).isRegularFile();
    for (int id : cluster.ids()) {
      if (id != away) {
        cluster.killHard(id);
      }
    }
    cluster.awaitMembers(1, PATIENCE);
    assertThat(history()).isEqualTo(all);
    passed = true;
  }

  /**
   * Goes on until the beginning of a server's log is gone: it waits for two checkpoints of the
   * database, and each of them for something to write.
   */
  private List<Long> writeUntilTrimmed(int id) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    Path first = cluster.data(id).resolve("log").resolve("00000000000000000001.log");
    List<Long> ids = new ArrayList<>();
    while (Files.exists(first) && System.nanoTime() - deadline < 0) {
      ids.addAll(write("more " + "x".repeat(4000), 10));
    }
    assertThat(first).doesNotExist();
    return ids;
  }

  /** Messages from alice to bob; their ids. */
  private List<Long> write(String word, int count) {
    try (ChatClient client = connect()) {
      List<Long> ids = new ArrayList<>();
      client.createAccount("alice", PASSWORD, "make-alice");
      client.createAccount("bob", PASSWORD, "make-bob");
      ChatSession alice = client.login("alice", PASSWORD, true).session();
      for (int i = 0; i < count; i++) {
        ids.add(alice.send("bob", word + " " + i).messageId());
      }
      return ids;
    }
  }

  /** The ids of all messages between the two, oldest first. */
  private List<Long> history() {
    try (ChatClient client = connect()) {
      ChatSession bob = client.login("bob", PASSWORD, true).session();
      return bob.history("alice").map(ChatMessage::messageId).sorted().toList();
    }
  }

  private ChatClient connect() {
    return ChatClient.connect(cluster.addresses().split(",", -1));
  }

  private void awaitSaid(String words, String... command) throws Exception {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    Said said = admin(command);
    while (!said.text().contains(words) && System.nanoTime() - deadline < 0) {
      said = admin(command);
    }
    assertThat(said.text()).contains(words);
  }

  private Said admin(String... arguments) throws IOException, InterruptedException {
    return Operator.run(cluster, arguments);
  }

  private static void delete(Path directory) throws IOException {
    try (Stream<Path> paths = Files.walk(directory)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }
}
