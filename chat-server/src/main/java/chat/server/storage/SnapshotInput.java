package chat.server.storage;

import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.CRC32C;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * Reads a snapshot and checks it, block by block; the whole of it is checked when {@link #next} has
 * returned false. One thread's.
 */
final class SnapshotInput implements AutoCloseable {
  /** Rows of one table. */
  record Block(SnapshotTable table, int rows, DataInputStream content) {}

  interface BlockReader {
    void read(Block block) throws IOException;
  }

  private final DataInputStream in;
  private final SnapshotHeader header;
  private final Inflater inflater = new Inflater();
  private final CRC32C total = new CRC32C();
  private final long[] counts = new long[SnapshotTable.values().length + 1];
  private long blocks;

  /**
   * Opens a snapshot and reads its header.
   *
   * @throws UnknownSnapshotException if it is of another version
   * @throws DamagedSnapshotException if it is damaged
   */
  static SnapshotInput open(Path file) throws IOException {
    InputStream bytes = new BufferedInputStream(Files.newInputStream(file), 128 << 10);
    try {
      return new SnapshotInput(new DataInputStream(bytes));
    } catch (IOException | RuntimeException e) {
      bytes.close();
      throw e;
    }
  }

  private SnapshotInput(DataInputStream in) throws IOException {
    this.in = in;
    try {
      this.header = readHeader(in);
    } catch (EOFException e) {
      throw new DamagedSnapshotException("it ends within its header");
    }
  }

  private static SnapshotHeader readHeader(DataInputStream in) throws IOException {
    if (in.readLong() != SnapshotFormat.MAGIC) {
      throw new DamagedSnapshotException("it does not begin as a snapshot does");
    }
    int version = in.readInt();
    int length = in.readInt();
    if (length < 0 || length > SnapshotFormat.HEADER_BYTES_MAX) {
      throw new DamagedSnapshotException("a header of " + length + " bytes");
    }
    byte[] content = in.readNBytes(length);
    CRC32C crc = new CRC32C();
    crc.update(
        ByteBuffer.allocate(16)
            .putLong(SnapshotFormat.MAGIC)
            .putInt(version)
            .putInt(length)
            .flip());
    crc.update(content);
    if (in.readInt() != (int) crc.getValue()) {
      throw new DamagedSnapshotException("its header is not as it was written");
    }
    if (version != SnapshotFormat.VERSION) {
      throw new UnknownSnapshotException(version, SnapshotFormat.VERSION);
    }
    try {
      return SnapshotHeader.decode(content);
    } catch (IllegalArgumentException e) {
      throw new DamagedSnapshotException("its header says " + e.getMessage());
    }
  }

  SnapshotHeader header() {
    return header;
  }

  /** Hands the next block to a reader; false if there is none and all that was read is right. */
  boolean next(BlockReader reader) throws IOException {
    try {
      return read(reader);
    } catch (EOFException e) {
      throw new DamagedSnapshotException("it ends in block " + blocks);
    } catch (DataFormatException | IndexOutOfBoundsException e) {
      throw new DamagedSnapshotException("block " + blocks + " makes no sense");
    }
  }

  private boolean read(BlockReader reader) throws IOException, DataFormatException {
    int table = in.readUnsignedByte();
    int rows = in.readInt();
    int rawBytes = in.readInt();
    int bytes = in.readInt();
    int crc = in.readInt();
    if (bytes < 0
        || bytes > SnapshotFormat.BLOCK_BYTES_MAX
        || rawBytes < 0
        || rawBytes > SnapshotFormat.BLOCK_BYTES_MAX) {
      throw new DamagedSnapshotException("block " + blocks + " of " + rawBytes + " bytes");
    }
    byte[] content = in.readNBytes(bytes);
    if (content.length < bytes) {
      throw new EOFException();
    }
    if (crc != SnapshotFormat.checksum(blocks, table, rows, rawBytes, content, bytes)) {
      throw new DamagedSnapshotException("block " + blocks + " is not as it was written");
    }
    DataInputStream raw = inflate(content, rawBytes);
    if (table == SnapshotFormat.END) {
      requireEnd(raw);
      return false;
    }
    SnapshotFormat.add(total, crc);
    blocks++;
    SnapshotTable of = SnapshotTable.of(table);
    counts[of.code()] += rows;
    reader.read(new Block(of, rows, raw));
    return true;
  }

  private DataInputStream inflate(byte[] content, int rawBytes) throws DataFormatException {
    byte[] raw = new byte[rawBytes];
    inflater.reset();
    inflater.setInput(content);
    if (inflater.inflate(raw) != rawBytes) {
      throw new DataFormatException();
    }
    return new DataInputStream(new ByteArrayInputStream(raw));
  }

  private void requireEnd(DataInputStream end) throws IOException {
    for (long count : counts) {
      if (end.readLong() != count) {
        throw new DamagedSnapshotException("a row is missing");
      }
    }
    if (end.readInt() != (int) total.getValue()) {
      throw new DamagedSnapshotException("a block is missing");
    }
    if (in.read() >= 0) {
      throw new DamagedSnapshotException("it goes on after its end");
    }
  }

  @Override
  public void close() throws IOException {
    inflater.end();
    in.close();
  }
}
