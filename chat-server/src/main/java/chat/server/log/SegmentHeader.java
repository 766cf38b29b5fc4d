package chat.server.log;

import chat.server.files.UnknownFormatException;
import chat.server.replication.Epoch;
import chat.server.replication.LogPosition;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.zip.CRC32C;

/**
 * The first bytes of a segment: magic 8, format version 4, salt 8, and the index, epoch and running
 * hash of the entry before the segment's first one, 8 each; CRC32C of all that, 4.
 */
record SegmentHeader(long salt, LogPosition before) {
  static final int BYTES = 48;
  static final int VERSION = 1;
  private static final long MAGIC = 0x434841544c4f470aL; // "CHATLOG\n"

  /** The index of the first entry that the segment has or will have. */
  long firstIndex() {
    return before.index() + 1;
  }

  ByteBuffer encode() {
    ByteBuffer out = ByteBuffer.allocate(BYTES);
    out.putLong(MAGIC).putInt(VERSION).putLong(salt);
    out.putLong(before.index()).putLong(before.epoch().number()).putLong(before.hash());
    out.putInt(checksum(out));
    return out.flip();
  }

  /**
   * Reads and checks a header. A segment gets its name only when its header is on the disk, so a
   * crash never leaves an incomplete one.
   */
  static SegmentHeader read(Path file, FileChannel channel) throws IOException {
    ByteBuffer in = ByteBuffer.allocate(BYTES);
    while (in.hasRemaining()) {
      if (channel.read(in, in.position()) < 0) {
        throw new DamagedLogException(file, in.position(), "The header of a log segment is cut");
      }
    }
    in.flip();
    if (in.getLong() != MAGIC) {
      throw new DamagedLogException(file, 0, "This is not a log segment, or its header is damaged");
    }
    int version = in.getInt();
    long salt = in.getLong();
    long index = in.getLong();
    long epoch = in.getLong();
    long hash = in.getLong();
    if (in.getInt() != checksum(in)) {
      throw new DamagedLogException(file, 8, "The header of a log segment is damaged");
    }
    if (version != VERSION) {
      throw new UnknownFormatException(file, version, VERSION);
    }
    return new SegmentHeader(salt, new LogPosition(index, new Epoch(epoch), hash));
  }

  private static int checksum(ByteBuffer header) {
    CRC32C crc = new CRC32C();
    crc.update(header.slice(0, BYTES - 4));
    return (int) crc.getValue();
  }
}
