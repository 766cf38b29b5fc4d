package chat.client.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.ByteArrayOutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jline.terminal.impl.ExternalTerminal;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class EditingTerminalTest {
  private final ByteArrayOutputStream screen = new ByteArrayOutputStream();

  @Test
  void thePromptChangesWhileALineIsTyped() throws Exception {
    try (PipedOutputStream keys = new PipedOutputStream();
        PipedInputStream typed = new PipedInputStream(keys)) {
      PrintStream out = new PrintStream(screen, true, StandardCharsets.UTF_8);
      EditingTerminal terminal =
          new EditingTerminal(
              Surroundings.of(typed, out, out, Map.of(), null),
              (reader, line, candidates) -> {},
              new ExternalTerminal("test", "ansi", typed, screen, StandardCharsets.UTF_8));
      // No line is read: nothing to change.
      terminal.changePrompt("before> ");
      CompletableFuture<String> line =
          CompletableFuture.supplyAsync(() -> terminal.readLine("bob to ann> "));
      keys.write("hel".getBytes(StandardCharsets.UTF_8));
      keys.flush();
      await().until(() -> shown().contains("bob to ann> hel"));

      terminal.changePrompt("nobody> ");
      terminal.print("The session has ended.");
      await().until(() -> shown().contains("The session has ended."));
      keys.write("lo\r".getBytes(StandardCharsets.UTF_8));
      keys.flush();

      assertThat(line.get(20, TimeUnit.SECONDS)).isEqualTo("hello");
      String after = shown().substring(shown().indexOf("The session has ended."));
      assertThat(after).contains("nobody> hel").doesNotContain("bob to ann");
      assertThat(shown()).doesNotContain("before> ");
      terminal.close();
    }
  }

  private String shown() {
    return screen.toString(StandardCharsets.UTF_8);
  }
}
