package chat.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class DiskSpaceTest {
  private static final long MIB = 1 << 20;

  private final List<Boolean> news = new ArrayList<>();
  private long free = 10_000 * MIB;
  private boolean broken;

  private final DiskSpace.Source source =
      new DiskSpace.Source() {
        @Override
        public long usableBytes() throws IOException {
          if (broken) {
            throw new IOException("the disk says nothing");
          }
          return free;
        }

        @Override
        public long totalBytes() {
          return 2_000 * MIB;
        }
      };

  @Test
  void itIsLowBelowTheReserveUntilThereIsATenthMore() throws IOException {
    try (DiskSpace space = new DiskSpace(source, 100 * MIB, news::add)) {
      lookAt(space, 100 * MIB);
      assertThat(news).isEmpty();
      lookAt(space, 100 * MIB - 1);
      assertThat(news).containsExactly(true);
      lookAt(space, 110 * MIB - 1);
      broken = true;
      lookAt(space, 500 * MIB);
      broken = false;
      assertThat(news).containsExactly(true);
      lookAt(space, 110 * MIB);
      assertThat(news).containsExactly(true, false);
    }
  }

  @Test
  void whatCanWaitIsRefusedBeforeTheDiskIsLow() throws IOException {
    try (DiskSpace space = new DiskSpace(source, 100 * MIB, news::add)) {
      free = 110 * MIB;
      space.requireRoom();
      free = 110 * MIB - 1;
      assertThatThrownBy(space::requireRoom)
          .isInstanceOf(IOException.class)
          .hasMessageContaining("109 MiB are free, 110 MiB are kept");
      assertThat(news).isEmpty();
    }
  }

  @Test
  void theReserveIsAShareOfASmallDiskUnlessItIsGiven() throws IOException {
    try (DiskSpace space = new DiskSpace(source, -1, news::add)) {
      lookAt(space, 100 * MIB);
      lookAt(space, 100 * MIB - 1);
      assertThat(news).containsExactly(true);
    }
    try (DiskSpace never = new DiskSpace(source, 0, news::add)) {
      lookAt(never, 0);
      assertThat(news).containsExactly(true);
    }
  }

  private void lookAt(DiskSpace space, long freeBytes) {
    free = freeBytes;
    space.look();
  }
}
