package chat.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import chat.client.demo.LocalCluster;
import chat.server.chat.Command;
import chat.server.chat.CommandCodec;
import chat.server.log.SegmentedLog;
import chat.server.replication.Entry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A lineage that cannot be begun leaves nothing applied that was not committed (R18). */
@Timeout(170)
class FailedForceTest {
  private static final Duration PATIENCE = Duration.ofSeconds(40);

  @Test
  void aServerWhoseForcedLineageFailedIsTakenInByTheOthersAgain() throws Exception {
    try (LocalCluster cluster =
        LocalCluster.create(3, "--password-memory-kib", "64", "--password-iterations", "1")) {
      cluster.startAll().awaitComplete(PATIENCE);
      cluster.killHard(3);
      cluster.awaitMembers(2, PATIENCE);
      try (ChatClient client = ChatClient.connect(cluster.addresses().split(",", -1))) {
        client.createAccount("alice", "wonderland");
      }
      cluster.killHard(1, 2);
      appendGhost(cluster.data(3).resolve("log"));
      cluster.start(3);
      await()
          .atMost(PATIENCE)
          .until(() -> Operator.run(cluster, "status").text().contains("waiting for servers"));
      // No snapshot can be written, as on a disk without room for it.
      Path tmp = cluster.data(3).resolve("tmp");
      Files.deleteIfExists(tmp);
      Files.writeString(tmp, "");
      assertThat(Operator.run(cluster, "force-lineage", "--yes").exitCode()).isNotZero();
      Files.delete(tmp);
      cluster.start(1);
      cluster.start(2);
      cluster.awaitComplete(PATIENCE);
      try (ChatClient client = ChatClient.connect(cluster.addresses().split(",", -1))) {
        assertThat(client.login("alice", "wonderland").session()).isNotNull();
        // It was never committed.
        client.createAccount("ghost", "wonderland");
      }
    }
  }

  /** What a primary had appended when it died, and had sent to nobody. */
  private static void appendGhost(Path directory) throws Exception {
    try (SegmentedLog log = SegmentedLog.open(directory)) {
      byte[] ghost =
          CommandCodec.encode(
              new Command.CreateAccount(
                  System.currentTimeMillis() * 1000, "ghost", "hash", "request"));
      Entry entry = Entry.following(log.last(), log.last().epoch(), ghost);
      log.append(List.of(entry), log.recordedCommitIndex());
      log.sync();
    }
  }
}
