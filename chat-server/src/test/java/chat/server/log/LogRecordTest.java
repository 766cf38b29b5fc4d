package chat.server.log;

import static org.assertj.core.api.Assertions.assertThat;

import chat.server.replication.Epoch;
import chat.server.replication.LogPosition;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class LogRecordTest {
  private static final long SALT = 0x1122334455667788L;
  private static final LogPosition FIFTH = new LogPosition(5, new Epoch(0x101), 7);

  private final ByteBuffer bytes = ByteBuffer.allocate(100);

  @Test
  void theChecksumIsThatOfTheFormat() {
    LogRecord.putEntry(bytes, SALT, FIFTH, new byte[] {1, 2, 3});
    assertThat(bytes.getInt(0)).isEqualTo(28);
    // CRC-32C, computed elsewhere, of the salt, the length and what follows the checksum.
    assertThat(bytes.getInt(4)).isEqualTo(0xffb6fe15);
    assertThat(LogRecord.isValid(bytes, SALT, 0)).isTrue();
  }

  @Test
  void aRecordOfAnotherSegmentOrLengthIsNone() {
    LogRecord.putEntry(bytes, SALT, FIFTH, new byte[] {1, 2, 3, 0});
    assertThat(LogRecord.isValid(bytes, SALT + 1, 0)).isFalse();
    assertThat(LogRecord.isValid(bytes, SALT ^ Long.MIN_VALUE, 0)).isFalse();
    bytes.putInt(0, bytes.getInt(0) - 1);
    assertThat(LogRecord.isValid(bytes, SALT, 0)).isFalse();
  }
}
