package chat.server.log;

import chat.server.replication.Entry;
import chat.server.replication.LogPosition;
import java.nio.ByteBuffer;
import java.util.List;

/** Makes the bytes of one append, so that it is one write. One thread's. */
final class AppendEncoder {
  // A larger append gets a buffer of its own, which is not kept.
  private static final int BUFFER_BYTES_KEPT = 4 << 20;

  private ByteBuffer buffer = ByteBuffer.allocateDirect(256 << 10);

  /** How many bytes an append of these entries has, its mark included. */
  static long bytes(List<Entry> entries) {
    long bytes = LogRecord.MARK_BYTES;
    for (Entry entry : entries) {
      bytes += LogRecord.OVERHEAD_BYTES + (long) entry.payload().length;
    }
    if (bytes > Integer.MAX_VALUE) {
      throw new IllegalArgumentException("an append of " + bytes + " bytes is too large");
    }
    return bytes;
  }

  /**
   * The entries and a mark, as they follow at the end of {@code segment}, whose index learns where
   * they will be.
   *
   * @param durableBytes how much of the segment has been forced
   * @param bytes what {@link #bytes} says
   * @return valid until the next call
   */
  ByteBuffer encode(
      Segment segment, List<Entry> entries, long commitIndex, long durableBytes, long bytes) {
    ByteBuffer out = bufferFor((int) bytes);
    LogPosition end = segment.last();
    for (Entry entry : entries) {
      segment.indexEntry(entry.index(), segment.bytes() + out.position());
      LogRecord.putEntry(out, segment.salt(), entry.position(), entry.payload());
      end = entry.position();
    }
    LogRecord.putMark(out, segment.salt(), end, commitIndex, durableBytes);
    return out.flip();
  }

  private ByteBuffer bufferFor(int bytes) {
    if (bytes > BUFFER_BYTES_KEPT) {
      return ByteBuffer.allocate(bytes);
    }
    if (bytes > buffer.capacity()) {
      buffer = ByteBuffer.allocateDirect(Integer.highestOneBit(bytes - 1) * 2);
    }
    return buffer.clear();
  }
}
