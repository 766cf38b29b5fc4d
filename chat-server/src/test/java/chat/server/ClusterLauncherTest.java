package chat.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import chat.server.replication.ServerId;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClusterLauncherTest {
  @TempDir Path data;

  @Test
  void aServerThatDoesNotStartIsReportedInItsOwnWords() throws Exception {
    // A real child process: it refuses the directory of another server.
    Path directory = Files.createDirectory(data.resolve("server-1"));
    ClusterAddresses cluster = ClusterAddresses.local(1, 17_000);
    new StoredConfig(new ServerId(2), "disk", cluster, null, TlsConfig.NONE, false)
        .write(directory);
    StringWriter said = new StringWriter();
    ClusterLauncher launcher =
        new ClusterLauncher(cluster, data, null, List.of(), new PrintWriter(said, true));
    assertThat(launcher.run()).isEqualTo(2);
    assertThat(said.toString())
        .contains("Server 1 did not start (exit code 2)")
        .contains("is the data directory of server 2, not of server 1");
  }

  @Test
  void freshDeletesServersAndNothingElse() throws IOException {
    Files.createDirectories(data.resolve("server-1/log"));
    Files.writeString(data.resolve("server-1/log/1.log"), "x");
    Files.createDirectories(data.resolve("server-2"));
    Files.writeString(data.resolve("notes.txt"), "mine");
    ClusterCommand.deleteServers(data);
    assertThat(data).isDirectoryNotContaining("glob:**server-*");
    assertThat(data.resolve("notes.txt")).exists();
  }

  @Test
  void freshDeletesNothingWhileAServerRuns() throws IOException {
    Files.createDirectories(data.resolve("server-1"));
    Files.createDirectories(data.resolve("server-2"));
    Files.writeString(data.resolve("server-1/state"), "x");
    DataDirectory.requireUnused(data.resolve("server-2"));
    assertThatThrownBy(() -> ClusterCommand.deleteServers(data))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("in use");
    assertThat(data.resolve("server-1/state")).exists();
  }
}
