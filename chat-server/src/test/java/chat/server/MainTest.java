package chat.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever people get wrong is one sentence and exit code 2. */
class MainTest {
  @TempDir Path directory;
  private final StringWriter said = new StringWriter();

  @Test
  void badFlagsAreRefusedInOneLine() {
    refused("Missing required parameter", new String[0]);
    refused("Unknown option", "1", "--nonsense");
    refused("not among the cluster's servers", "9", "--data", directory.toString());
    refused("exclude each other", "1", "--size", "3", "--cluster", "1=127.0.0.1:1:2:3");
    refused("--log-level loud", "1", "--log-level", "loud");
    refused("--page-size must be at least 1", "1", "--page-size", "0");
    refused("--text-bytes-max must be at most 524288", "1", "--text-bytes-max", "524289");
    refused("1 to 7 servers", "1", "--size", "8");
  }

  @Test
  void aTakenPortIsRefusedInOneLine() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      refused(
          "Stop the program that has the port",
          "1",
          "--data",
          directory.toString(),
          "--cluster",
          "1=127.0.0.1:1:2:" + taken.getLocalPort());
    }
  }

  @Test
  void versionAndHelpArePrinted() {
    assertThat(run("--version")).isZero();
    assertThat(run("--help")).isZero();
  }

  private void refused(String sentence, String... args) {
    assertThat(run(args)).isEqualTo(2);
    assertThat(said.toString()).contains(sentence).hasLineCount(1);
  }

  private int run(String... args) {
    said.getBuffer().setLength(0);
    return Main.run(new ServerCommand(), args, new PrintWriter(said, true));
  }
}
