package chat.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Back-pressure in both directions: a client whose heap is a fraction of what passes through it,
 * with a server that answers late, and with a program that reads late.
 */
@Timeout(180)
class BoundedMemoryTest {
  private static final int HEAP_MIB = 40;
  private static final int MESSAGES = 8 * 1024;
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  @TempDir Path directory;

  @Test
  void sendingFasterThanTheServerAnswersTakesNoMoreRoomThanAgreed() throws Exception {
    try (BulkServer server = new BulkServer(0, "")) {
      Process client = start("send", server);
      try {
        await()
            .atMost(PATIENCE)
            .until(() -> server.taken() >= SmallHeapClient.IN_FLIGHT || !client.isAlive());
        // It has had the time to send more than agreed, if it were to.
        await().pollDelay(Duration.ofMillis(300)).until(() -> true);
        assertThat(server.taken()).isEqualTo(SmallHeapClient.IN_FLIGHT);
        server.answer();
        assertDone(client);
        assertThat(server.taken()).isEqualTo(MESSAGES);
      } finally {
        client.destroyForcibly();
      }
    }
  }

  @Test
  void whoeverReadsLateHoldsTheServerBack() throws Exception {
    try (BulkServer server = new BulkServer(MESSAGES, SmallHeapClient.TEXT)) {
      Process client = start("receive", server);
      try {
        await()
            .atMost(PATIENCE)
            .until(
                () ->
                    (server.given() >= MessageStream.CAPACITY && server.isStalled())
                        || !client.isAlive());
        await().pollDelay(Duration.ofMillis(300)).until(() -> true);
        // What waits in the client, and a flow control window on the way to it.
        assertThat(server.given()).isBetween(256L, 1024L);
        client.getOutputStream().write('\n');
        client.getOutputStream().close();
        assertDone(client);
      } finally {
        client.destroyForcibly();
      }
    }
  }

  private Process start(String what, BulkServer server) throws Exception {
    List<String> options = new ArrayList<>();
    options.add("-Xmx" + HEAP_MIB + "m");
    options.add("-XX:MaxDirectMemorySize=" + HEAP_MIB + "m");
    options.add(SmallHeapClient.class.getName());
    options.addAll(List.of(what, server.address(), Integer.toString(MESSAGES)));
    return new ProcessBuilder(NamespaceProcess.command(options))
        .redirectErrorStream(true)
        .redirectOutput(directory.resolve("output").toFile())
        .start();
  }

  private void assertDone(Process client) throws Exception {
    boolean ended = client.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    String said = Files.readString(directory.resolve("output"));
    assertThat(ended).as("the client ends; it said: %s", said).isTrue();
    assertThat(said).contains("DONE " + MESSAGES);
    assertThat(client.exitValue()).isZero();
  }
}
