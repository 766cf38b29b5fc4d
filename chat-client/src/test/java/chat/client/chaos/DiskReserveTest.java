package chat.client.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import chat.client.ChatClient;
import chat.client.ChatException;
import chat.client.ChatSession;
import chat.client.demo.LocalCluster;
import chat.common.ErrorReason;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A backup's disk is nearly full: what may go on goes on, and the rest does again later. */
@Timeout(600)
class DiskReserveTest {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final int DISK_MEBIBYTES = 64;
  private static final int RESERVE_MEBIBYTES = 24;
  private static final int LEFT_MEBIBYTES = 12;

  @Test
  void writesAreRefusedWhileABackupsDiskIsNearlyFullAndNothingElse() throws Exception {
    try (LocalCluster cluster =
        LocalCluster.create(
            3,
            "--password-memory-kib",
            "64",
            "--password-iterations",
            "1",
            "--disk-reserve",
            Integer.toString(RESERVE_MEBIBYTES << 20))) {
      // A new cluster's first primary is the highest server: this one is a backup.
      try (SmallDisk disk = mount(cluster)) {
        cluster.startAll().awaitComplete(PATIENCE);
        assertThat(cluster.primaryId()).isNotEqualTo(1);
        goThrough(cluster, disk);
      } finally {
        cluster.killHard(1, 2, 3);
      }
    }
  }

  private static SmallDisk mount(LocalCluster cluster) throws InterruptedException {
    try {
      return SmallDisk.mount(cluster.data(1), DISK_MEBIBYTES);
    } catch (IOException e) {
      return Assumptions.abort("only root can make a small disk: " + e.getMessage());
    }
  }

  private static void goThrough(LocalCluster cluster, SmallDisk disk) throws Exception {
    try (ChatClient client = ChatClient.connect(cluster.addresses())) {
      client.createAccount("alice", "wonderland");
      ChatSession alice = client.login("alice", "wonderland").session();
      alice.send("alice", "first");
      disk.fillTo(LEFT_MEBIBYTES);
      await(() -> refusal(() -> alice.send("alice", "more")) == ErrorReason.DISK_FULL);
      assertThat(refusal(() -> client.createAccount("bob", "builder-bob")))
          .isEqualTo(ErrorReason.DISK_FULL);
      assertThat(client.clusterStatus().summary()).contains("Server 1's disk is nearly full");
      // All of this goes on.
      long last = alice.fetch(100).messages().get(0).messageId();
      alice.acknowledge(last);
      alice.logout();
      ChatSession again = client.login("alice", "wonderland").session();
      assertThat(refusal(() -> again.send("alice", "still more"))).isEqualTo(ErrorReason.DISK_FULL);
      disk.free();
      await(() -> refusal(() -> again.send("alice", "there is room")) == null);
      assertThat(cluster.aliveIds()).containsExactly(1, 2, 3);
    }
  }

  private static @Nullable ErrorReason refusal(Runnable call) {
    ChatException refused = catchThrowableOfType(ChatException.class, call::run);
    return refused == null ? null : refused.reason();
  }

  private interface Condition {
    boolean holds() throws Exception;
  }

  private static void await(Condition condition) throws Exception {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!condition.holds()) {
      assertThat(System.nanoTime()).as("time").isLessThan(deadline);
      TimeUnit.MILLISECONDS.sleep(100);
    }
  }
}
