package chat.server.storage;

import java.io.ByteArrayOutputStream;
import java.io.DataOutput;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.zip.CRC32C;
import java.util.zip.Deflater;

/** Writes a snapshot, block by block. One thread's. */
final class SnapshotOutput implements AutoCloseable {
  private final DataOutputStream out;
  private final ByteArrayOutputStream raw = new ByteArrayOutputStream();
  private final DataOutputStream rows = new DataOutputStream(raw);
  // The fastest: what is compressed is mostly text, and a server has other work to do.
  private final Deflater deflater = new Deflater(Deflater.BEST_SPEED);
  private final CRC32C total = new CRC32C();
  private final long[] counts = new long[SnapshotTable.values().length + 1];
  private long blocks;
  private int table;
  private int rowsInBlock;

  /** Writes the header. The stream is left to its owner to close. */
  SnapshotOutput(OutputStream to, SnapshotHeader header) throws IOException {
    this.out = new DataOutputStream(to);
    ByteArrayOutputStream first = new ByteArrayOutputStream();
    DataOutputStream encoded = new DataOutputStream(first);
    byte[] content = header.encode();
    encoded.writeLong(SnapshotFormat.MAGIC);
    encoded.writeInt(SnapshotFormat.VERSION);
    encoded.writeInt(content.length);
    encoded.write(content);
    CRC32C crc = new CRC32C();
    crc.update(first.toByteArray());
    encoded.writeInt((int) crc.getValue());
    out.write(first.toByteArray());
  }

  /** Where to write the next row, which is one of this table. */
  DataOutput row(SnapshotTable of) throws IOException {
    if (table != of.code() || raw.size() >= SnapshotFormat.BLOCK_BYTES) {
      writeBlock();
      table = of.code();
    }
    rowsInBlock++;
    counts[of.code()]++;
    return rows;
  }

  /** Writes what is left and the end. */
  void finish() throws IOException {
    writeBlock();
    table = SnapshotFormat.END;
    for (long count : counts) {
      rows.writeLong(count);
    }
    rows.writeInt((int) total.getValue());
    rowsInBlock = 1;
    writeBlock();
    out.flush();
  }

  private void writeBlock() throws IOException {
    if (rowsInBlock == 0) {
      return;
    }
    byte[] content = raw.toByteArray();
    byte[] deflated = new byte[content.length + content.length / 1000 + 64];
    deflater.reset();
    deflater.setInput(content);
    deflater.finish();
    int bytes = deflater.deflate(deflated);
    if (!deflater.finished()) {
      throw new IllegalStateException(content.length + " bytes grew beyond " + deflated.length);
    }
    int crc =
        SnapshotFormat.checksum(blocks++, table, rowsInBlock, content.length, deflated, bytes);
    SnapshotFormat.add(total, crc);
    out.writeByte(table);
    out.writeInt(rowsInBlock);
    out.writeInt(content.length);
    out.writeInt(bytes);
    out.writeInt(crc);
    out.write(deflated, 0, bytes);
    raw.reset();
    rowsInBlock = 0;
  }

  @Override
  public void close() {
    deflater.end();
  }
}
