package chat.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import chat.client.demo.LocalCluster;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The example in JavaScript sends through a kill -9 of the primary. Needs node and npm. */
@Timeout(400)
class NodeClientTest {
  private static final Path EXAMPLE = Path.of("examples", "node");
  private static final int MESSAGES = 2000;
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  @TempDir Path directory;

  @Test
  void aClientInAnotherLanguageLosesAndDoublesNothing() throws Exception {
    try (Stream<Path> files = Files.list(EXAMPLE)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.copy(file, directory.resolve(file.getFileName()));
      }
    }
    ForeignTools.npmInstall("NodeClientTest", directory);
    try (LocalCluster cluster =
        LocalCluster.create(3, "--password-memory-kib", "64", "--password-iterations", "1")
            .startAll()) {
      cluster.awaitComplete(PATIENCE);
      Path output = directory.resolve("output");
      Process node =
          new ProcessBuilder("node", "send.js", cluster.addresses(), Integer.toString(MESSAGES))
              .directory(directory.toFile())
              .redirectErrorStream(true)
              .redirectOutput(output.toFile())
              .start();
      try {
        await()
            .atMost(PATIENCE)
            .until(() -> acceptedCount(output) >= MESSAGES / 10 || !node.isAlive());
        assertThat(node.isAlive()).as("killed in the middle: %s", tail(output)).isTrue();
        cluster.killHard(cluster.primaryId());
        assertThat(acceptedCount(output)).as("killed in the middle").isLessThan(MESSAGES);
        assertThat(node.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
      } finally {
        node.destroyForcibly();
      }
      assertThat(node.exitValue()).as(tail(output)).isZero();
      assertThat(tail(output)).contains(MESSAGES + " accepted", "0 lost, 0 doubled");
      assertThat(Files.readString(output)).as("two primaries").containsPattern(twoServers());
      compareWithWhatIsStored(cluster, output);
    }
  }

  private static Pattern twoServers() {
    return Pattern.compile("by (127.0.0.1:[0-9]+).*by (?!\\1)127.0.0.1:[0-9]+", Pattern.DOTALL);
  }

  /** The example's own word is not enough. */
  private static void compareWithWhatIsStored(LocalCluster cluster, Path output)
      throws IOException {
    Matcher name = Pattern.compile("account (\\S+)").matcher(Files.readString(output));
    assertThat(name.find()).isTrue();
    try (ChatClient client =
        ChatClient.builder().servers(cluster.addresses()).callTimeout(PATIENCE).build()) {
      ChatSession session = client.login(name.group(1), "node-example").session();
      assertThat(session.history(name.group(1)).map(ChatMessage::text))
          .containsExactlyInAnyOrderElementsOf(
              IntStream.range(0, MESSAGES).mapToObj(i -> "message " + i).toList());
      assertThat(session.fetch(1).messages()).as("not acknowledged").isEmpty();
    }
  }

  private static long acceptedCount(Path output) {
    try (Stream<String> lines = Files.lines(output)) {
      return lines.filter(line -> line.startsWith("accepted ")).count();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String tail(Path output) throws IOException {
    List<String> lines = Files.readAllLines(output);
    return String.join("\n", lines.subList(Math.max(0, lines.size() - 5), lines.size()));
  }
}
