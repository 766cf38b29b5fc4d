package chat.client;

import static org.assertj.core.api.Assertions.assertThat;

import chat.client.demo.LocalCluster;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A server whose database failed in use, its log trimmed, and nobody there to help it. */
@Timeout(120)
class LonelyServerTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @TempDir Path files;

  /** So it is with all servers of a cluster when the disk that they share was full. */
  @Test
  void itTrustsItsDatabaseAgainIfThatIsWholeWhateverHasBecomeOfTheBase() throws Exception {
    try (LocalCluster cluster =
        LocalCluster.create(
            1,
            "--password-memory-kib",
            "64",
            "--password-iterations",
            "1",
            "--log-segment-bytes",
            "65536",
            "--log-keep-bytes",
            "131072")) {
      cluster.startAll().awaitServing(PATIENCE);
      List<Long> sent = new ArrayList<>();
      Path first = cluster.data(1).resolve("log").resolve("00000000000000000001.log");
      try (ChatClient client = ChatClient.connect(cluster.addresses().split(",", -1))) {
        client.createAccount("alice", "wonderland");
        ChatSession alice = client.login("alice", "wonderland").session();
        while (Files.exists(first)) {
          sent.add(alice.send("alice", "x".repeat(4000)).messageId());
        }
      }
      Path backup = files.resolve("backup");
      assertThat(Operator.run(cluster, "backup", backup.toString()).exitCode()).isZero();
      cluster.killHard(1);
      Files.writeString(cluster.data(1).resolve("db").resolve("distrusted"), "");
      byte[] base = Files.readAllBytes(backup);
      base[20] ^= 1;
      Files.write(cluster.data(1).resolve("base"), base);
      cluster.start(1);
      cluster.awaitServing(PATIENCE);
      try (ChatClient client = ChatClient.connect(cluster.addresses().split(",", -1))) {
        ChatSession alice = client.login("alice", "wonderland").session();
        assertThat(alice.history("alice").map(ChatMessage::messageId).sorted().toList())
            .containsExactlyElementsOf(sent);
      }
    }
  }
}
