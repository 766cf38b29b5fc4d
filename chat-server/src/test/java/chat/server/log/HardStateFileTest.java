package chat.server.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import chat.server.files.UnknownFormatException;
import chat.server.replication.Cluster;
import chat.server.replication.Epoch;
import chat.server.replication.HardState;
import chat.server.replication.Incarnation;
import chat.server.replication.LogPosition;
import chat.server.replication.Proposal;
import chat.server.replication.ServerId;
import chat.server.replication.View;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HardStateFileTest {
  private static final ServerId ONE = new ServerId(1);
  private static final ServerId TWO = new ServerId(2);
  private static final HardState STATE = state();

  @TempDir Path directory;

  @Test
  void aNewDiskHasNoState() throws IOException {
    assertThat(store().load()).isEmpty();
  }

  @Test
  void whatWasStoredLastIsFound() throws IOException {
    HardState empty = HardState.empty(View.unborn(Set.of(ONE, TWO)));
    store().store(empty);
    assertThat(store().load()).contains(empty);
    store().store(STATE);
    assertThat(store().load()).contains(STATE);
  }

  @Test
  void aReplacementThatACrashBrokeOffIsIgnored() throws IOException {
    store().store(STATE);
    Files.write(directory.resolve("state.tmp"), new byte[7]);
    assertThat(store().load()).contains(STATE);
  }

  @Test
  void everyFlippedByteAndEveryCutIsRefused() throws IOException {
    store().store(STATE);
    byte[] bytes = Files.readAllBytes(file());
    for (int at = 0; at < bytes.length; at++) {
      byte[] flipped = bytes.clone();
      flipped[at] ^= 0x10;
      Files.write(file(), flipped);
      assertThatThrownBy(() -> store().load())
          .isInstanceOf(IOException.class)
          .hasMessageContaining("is damaged");
      Files.write(file(), Arrays.copyOf(bytes, at));
      assertThatThrownBy(() -> store().load())
          .isInstanceOf(IOException.class)
          .hasMessageContaining("is damaged");
    }
  }

  @Test
  void aNewerVersionIsRefusedAsSuch() throws IOException {
    store().store(STATE);
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file()));
    bytes.putInt(8, 2);
    CRC32C crc = new CRC32C();
    crc.update(bytes.array(), 0, bytes.limit() - 4);
    bytes.putInt(bytes.limit() - 4, (int) crc.getValue());
    Files.write(file(), bytes.array());
    assertThatThrownBy(() -> store().load())
        .isInstanceOf(UnknownFormatException.class)
        .hasMessageContaining("format version 2");
  }

  private static HardState state() {
    View view =
        new View(
            Epoch.of(4, ONE),
            new TreeMap<>(Map.of(ONE, new Incarnation(3), TWO, new Incarnation(9))),
            TWO,
            new Cluster("c-1", 7, new TreeMap<>(Map.of(ONE, "disk a", TWO, "disk \u00e9"))));
    LogPosition end = new LogPosition(99, Epoch.of(4, ONE), -5);
    return new HardState(
        new Incarnation(3),
        view,
        Epoch.of(4, ONE),
        Epoch.of(6, TWO),
        new HardState.Accepted(Epoch.of(4, ONE), Epoch.of(6, TWO), new Proposal(view, end)),
        12);
  }

  private Path file() {
    return directory.resolve("state");
  }

  private HardStateFile store() {
    return new HardStateFile(file());
  }
}
