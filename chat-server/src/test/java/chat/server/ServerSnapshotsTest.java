package chat.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import chat.server.replication.ServerId;
import chat.server.replication.Status;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** R18: what is not committed gets into no lineage but the one that begins with it. */
class ServerSnapshotsTest {
  private static final ServerLimits LIMITS =
      new ServerLimits(16384, 65536, 10000, 50, 1000, 19456, 2, 4096, 1 << 20, 100, 0);

  @TempDir Path place;

  private DataDirectory directory;
  private Recovery disk;

  @BeforeEach
  void open() throws Exception {
    DataDirectory.Opened opened =
        DataDirectory.open(
            place, new StartFlags(new ServerId(1), null, 1, null, null, false, false), LIMITS);
    directory = opened.directory();
    disk = Recovery.open(opened.config(), directory);
  }

  @AfterEach
  void close() throws IOException {
    disk.state().close();
    disk.log().close();
  }

  @Test
  void aServerGivesSnapshotsToItsPeers() throws Exception {
    assertThat(snapshots(() -> null).snapshot()).isNotEmptyFile();
  }

  @Test
  void noneAreGivenOnceALineageBegins() throws Exception {
    ServerSnapshots snapshots = snapshots(() -> null);
    snapshots.beginLineage();
    assertThatThrownBy(snapshots::snapshot)
        .isInstanceOf(IOException.class)
        .hasMessageContaining("new lineage");
    assertThat(files()).isEmpty();
    assertThat(snapshots.ofAll()).isNotEmptyFile();
  }

  @Test
  void oneDuringWhichALineageBeginsIsNotGiven() throws Exception {
    ServerSnapshots[] self = new ServerSnapshots[1];
    // Asked while the snapshot is under way.
    self[0] =
        snapshots(
            () -> {
              self[0].beginLineage();
              return null;
            });
    assertThatThrownBy(self[0]::snapshot).hasMessageContaining("new lineage");
    assertThat(files()).isEmpty();
  }

  @Test
  void oneThatWouldFillTheDiskIsBrokenOffAndLeavesNothing() throws Exception {
    ServerSnapshots full =
        new ServerSnapshots(
            directory,
            disk,
            () -> null,
            () -> {
              throw new IOException("no room");
            });
    assertThatThrownBy(full::snapshot).isInstanceOf(IOException.class).hasMessage("no room");
    assertThat(files()).isEmpty();
    // A new lineage is all that this server has left to do.
    assertThat(full.ofAll()).isNotEmptyFile();
  }

  private ServerSnapshots snapshots(Supplier<@Nullable Status> status) {
    return new ServerSnapshots(directory, disk, status, () -> {});
  }

  private List<Path> files() throws IOException {
    Path temporary = Files.createDirectories(place.resolve("tmp"));
    try (Stream<Path> found = Files.list(temporary)) {
      return found.toList();
    }
  }
}
