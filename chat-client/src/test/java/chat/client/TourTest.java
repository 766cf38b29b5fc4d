package chat.client;

import static org.assertj.core.api.Assertions.assertThat;

import chat.v1.ChatServiceGrpc;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** README's tour, typed as it stands: so it cannot rot. Needs grpcurl. */
@Timeout(900)
class TourTest {
  private static final Path README = Path.of("..", "README.md");
  private static final Pattern BLOCK =
      Pattern.compile("^( *)```sh\n(.*?)^ *```$", Pattern.MULTILINE | Pattern.DOTALL);
  private static final String STEP = "==== step ";

  @TempDir Path directory;

  @Test
  void theTourOfTheReadmeSaysWhatItPromises() throws Exception {
    Optional<Path> grpcurl = ForeignTools.find("grpcurl");
    if (grpcurl.isEmpty()) {
      ForeignTools.skip("TourTest", "grpcurl is neither on PATH nor in ~/go/bin");
    }
    QuietCluster.with(cluster -> check(run(grpcurl.orElseThrow(), cluster.addresses())));
  }

  private static void check(List<String> said) {
    assertThat(said).hasSize(12);
    assertThat(said.get(0)).contains("chat.v1.ChatService.SendMessage");
    // An empty answer is printed as {}.
    assertThat(said.get(1).replaceAll("\\s", "")).isEqualTo("{}{}");
    assertThat(said.get(2)).isBlank();
    assertThat(said.get(3)).contains("\"username\": \"bob\"").doesNotContain("alice");
    assertThat(said.get(4)).contains("\"message_id\"").contains("DELIVERY_QUEUED");
    assertThat(said.get(5)).contains("\"accepted\"", "\"tour-4\"", "NO_SUCH_ACCOUNT");
    assertThat(said.get(6)).contains("Curiouser and curiouser!").contains("\"message_id\"");
    assertThat(said.get(7))
        .containsSubsequence("Curiouser", "Off with their heads!", "caught_up", "heartbeat")
        .contains("DeadlineExceeded", "enough seen");
    assertThat(said.get(8).replaceAll("\\s", "")).isEqualTo("{}");
    assertThat(said.get(9)).contains("Curiouser and curiouser!");
    assertThat(said.get(10)).contains("SERVER_ROLE_PRIMARY").contains("\"summary\"");
    assertThat(said.get(11))
        .contains("NO_SUCH_ACCOUNT")
        .contains("refused, as it should be")
        .doesNotContain("UNDELIVERED_MESSAGES");
  }

  @Test
  void theTourPassesByEveryRpc() throws IOException {
    String script = String.join("\n", blocks());
    assertThat(ChatServiceGrpc.getServiceDescriptor().getMethods())
        .allSatisfy(
            method ->
                assertThat(script)
                    .containsPattern("chat.v1.ChatService/" + method.getBareMethodName() + "\\b"));
  }

  /** What each step printed. The shell stops at the first command that fails. */
  private List<String> run(Path grpcurl, String servers) throws IOException, InterruptedException {
    List<String> blocks = blocks();
    // The first installs grpcurl.
    assertThat(blocks.get(0)).startsWith("go install ");
    String script =
        blocks.stream().skip(1).map(b -> "echo '" + STEP + "'\n" + b).collect(Collectors.joining());
    Path output = Files.createTempFile(directory, "tour", ".output");
    ProcessBuilder bash =
        new ProcessBuilder("bash", "-euo", "pipefail", "-c", script)
            .directory(standInForTheClone().toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile());
    Map<String, String> environment = bash.environment();
    environment.put("CHAT_SERVERS", servers);
    environment.put("XDG_CONFIG_HOME", directory.toString());
    environment.put("PATH", grpcurl.getParent() + ":" + environment.get("PATH"));
    Process process = bash.start();
    boolean ended = process.waitFor(4, TimeUnit.MINUTES);
    process.destroyForcibly();
    String said = Files.readString(output);
    assertThat(ended).as("the tour ends; it said: %s", said).isTrue();
    assertThat(process.exitValue()).as("the tour's exit code; it said: %s", said).isZero();
    return Stream.of(said.split(Pattern.quote(STEP) + "\n", -1)).skip(1).toList();
  }

  private static List<String> blocks() throws IOException {
    String tour = Files.readString(README);
    int begin = tour.indexOf("\n## Tour with grpcurl\n");
    assertThat(begin).as("README's section").isPositive();
    int end = tour.indexOf("\n## ", begin + 1);
    return BLOCK
        .matcher(tour.substring(begin, end < 0 ? tour.length() : end))
        .results()
        .map(TourTest::unindented)
        .toList();
  }

  /**
   * Stands for the clone that the reader is in. The real script would build in the folders that
   * this test runs from; behind it is the same command line.
   */
  private Path standInForTheClone() throws IOException {
    Path script = Files.createDirectories(directory.resolve("run")).resolve("client");
    Files.writeString(
        script,
        String.format(
            "#!/usr/bin/env bash%nexec '%s' -XX:TieredStopAtLevel=1 -cp '%s' %s \"$@\"%n",
            Path.of(System.getProperty("java.home"), "bin", "java"),
            System.getProperty("java.class.path"),
            "chat.client.cli.Main"));
    Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
    return directory;
  }

  private static String unindented(MatchResult block) {
    return block
        .group(2)
        .lines()
        .map(
            line ->
                line.startsWith(block.group(1)) ? line.substring(block.group(1).length()) : line)
        .collect(Collectors.joining("\n", "", "\n"));
  }
}
