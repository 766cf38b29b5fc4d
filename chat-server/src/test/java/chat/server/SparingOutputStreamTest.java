package chat.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class SparingOutputStreamTest {
  private final ByteArrayOutputStream disk = new ByteArrayOutputStream();
  private int capacityBytes;

  private void requireRoom() throws IOException {
    if (disk.size() >= capacityBytes) {
      throw new IOException("no room");
    }
  }

  @Test
  void whatFitsIsWritten() throws IOException {
    capacityBytes = 1;
    try (SparingOutputStream out = new SparingOutputStream(disk, this::requireRoom)) {
      out.write(7);
      out.write(new byte[] {8, 9}, 1, 1);
    }
    assertThat(disk.toByteArray()).containsExactly(7, 9);
  }

  @Test
  void aFullDiskGetsNothing() throws IOException {
    try (SparingOutputStream out = new SparingOutputStream(disk, this::requireRoom)) {
      assertThatThrownBy(() -> out.write(1)).hasMessage("no room");
    }
    assertThat(disk.size()).isZero();
  }

  @Test
  void oneThatFillsUpGetsAMegabyteMoreAtMost() throws IOException {
    capacityBytes = 3 << 20;
    byte[] piece = new byte[8192];
    try (SparingOutputStream out = new SparingOutputStream(disk, this::requireRoom)) {
      assertThatThrownBy(
              () -> {
                while (disk.size() < 100 << 20) {
                  out.write(piece);
                }
              })
          .hasMessage("no room");
    }
    assertThat(disk.size()).isBetween(capacityBytes, capacityBytes + SparingOutputStream.ASK_BYTES);
  }
}
