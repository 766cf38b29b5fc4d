package chat.server.storage;

import java.io.DataInputStream;
import java.io.DataOutput;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;

/**
 * The bytes of a snapshot, big-endian:
 *
 * <pre>
 * magic 8 | version 4 | length 4 | header | CRC32C 4 of all that
 * block: table 1 | rows 4 | raw bytes 4 | bytes 4 | CRC32C 4 | deflated rows
 *                                                   '- of the block's number, what is before it and
 *                                                      what is after it
 * end: a block of table 0: the number of rows of each table, from 0 on, 8 each, and CRC32C 4 of all CRCs of blocks
 * </pre>
 *
 * A later version keeps the first line, so that this one can say which it is.
 */
final class SnapshotFormat {
  static final long MAGIC = 0x43484154534e4150L; // "CHATSNAP"
  static final int VERSION = 1;
  static final int HEADER_BYTES_MAX = 64 << 10;

  /** The table of the block that ends a snapshot. */
  static final int END = 0;

  /** A block is closed once its rows have as many bytes. */
  static final int BLOCK_BYTES = 256 << 10;

  /** Beyond any block, which has one row too many at most; a length above it is no length. */
  static final int BLOCK_BYTES_MAX = 40 << 20;

  private SnapshotFormat() {}

  static int checksum(long number, int table, int rows, int rawBytes, byte[] content, int bytes) {
    CRC32C crc = new CRC32C();
    for (long part : new long[] {number, table, rows, rawBytes, bytes}) {
      for (int shift = 56; shift >= 0; shift -= 8) {
        crc.update((int) (part >>> shift));
      }
    }
    crc.update(content, 0, bytes);
    return (int) crc.getValue();
  }

  static void add(CRC32C total, int checksum) {
    for (int shift = 24; shift >= 0; shift -= 8) {
      total.update(checksum >>> shift);
    }
  }

  static void writeText(String text, DataOutput out) throws IOException {
    writeBytes(text.getBytes(StandardCharsets.UTF_8), out);
  }

  static String readText(DataInputStream in) throws IOException {
    return new String(readBytes(in), StandardCharsets.UTF_8);
  }

  static void writeBytes(byte[] bytes, DataOutput out) throws IOException {
    out.writeInt(bytes.length);
    out.write(bytes);
  }

  /**
   * Reads what {@link #writeBytes} wrote.
   *
   * @param in a block, in memory
   */
  static byte[] readBytes(DataInputStream in) throws IOException {
    int length = in.readInt();
    // What is left of the block is in memory: a length beyond it reserves nothing.
    if (length < 0 || length > in.available()) {
      throw new DamagedSnapshotException("a value of " + length + " bytes");
    }
    byte[] bytes = new byte[length];
    in.readFully(bytes);
    return bytes;
  }
}
