package chat.server;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What a server keeps back for itself of the files that it may have open. */
class OpenFilesTest {
  @Test
  void clientsGetWhatIsWantedWhereThereIsRoom() {
    assertThat(OpenFiles.connections(20_000, 1_048_576)).isEqualTo(20_000);
    assertThat(OpenFiles.connections(20_000, Long.MAX_VALUE)).isEqualTo(20_000);
  }

  @Test
  void theServersOwnFilesAreKeptBack() {
    assertThat(OpenFiles.connections(20_000, 4096)).isEqualTo(4096 - 512);
    assertThat(OpenFiles.connections(20_000, 20_511)).isEqualTo(19_999);
  }

  @Test
  void thereIsAlwaysRoomForSome() {
    assertThat(OpenFiles.connections(20_000, 256)).isEqualTo(512);
    assertThat(OpenFiles.connections(100, 256)).isEqualTo(100);
  }
}
