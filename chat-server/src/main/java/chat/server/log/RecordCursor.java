package chat.server.log;

import chat.server.replication.Entry;
import chat.server.replication.LogPosition;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/** Walks over the records of a part of a segment and checks each one's CRC. One thread's. */
final class RecordCursor {
  /** What {@link #next} found. */
  enum Step {
    RECORD,
    /** The bytes here are no whole, valid record. */
    BAD,
    END
  }

  private static final int BUFFER_BYTES = 64 << 10;

  private final FileChannel channel;
  private final long end;
  private final long salt;
  private ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES).limit(0);
  // The file offset of the buffer's first byte; the current record within the buffer.
  private long bufferOffset;
  private int start;
  private int size;

  /** From the record at {@code offset} up to the byte {@code end}, exclusive. */
  RecordCursor(FileChannel channel, long salt, long offset, long end) {
    this.channel = channel;
    this.salt = salt;
    this.bufferOffset = offset;
    this.end = end;
  }

  /** Steps to the next record. After BAD or END it stays where it is. */
  Step next() throws IOException {
    long offset = endOffset();
    if (offset >= end) {
      start += size;
      size = 0;
      return Step.END;
    }
    start += size;
    size = 0;
    if (end - offset < LogRecord.OVERHEAD_BYTES || !load(LogRecord.OVERHEAD_BYTES)) {
      return Step.BAD;
    }
    int length = buffer.getInt(start);
    long bytes = (long) LogRecord.PREFIX_BYTES + length;
    if (!LogRecord.isLength(length)
        || offset + bytes > end
        || !load((int) bytes)
        || !LogRecord.isValid(buffer, salt, start)) {
      return Step.BAD;
    }
    size = (int) bytes;
    return Step.RECORD;
  }

  /** The file offset of the current record. */
  long offset() {
    return bufferOffset + start;
  }

  /** The file offset after the current record. */
  long endOffset() {
    return bufferOffset + start + size;
  }

  boolean isEntry() {
    return LogRecord.type(buffer, start) == LogRecord.ENTRY;
  }

  LogPosition position() {
    return LogRecord.position(buffer, start);
  }

  /** Of a mark: the commit index that it records. */
  long commitIndex() {
    return LogRecord.index(buffer, start);
  }

  int payloadBytes() {
    return size - LogRecord.OVERHEAD_BYTES;
  }

  Entry entry() {
    byte[] payload = new byte[payloadBytes()];
    buffer.get(start + LogRecord.OVERHEAD_BYTES, payload);
    return new Entry(position(), payload);
  }

  // Makes `bytes` bytes from `start` on available; false if the file ends before.
  private boolean load(int bytes) throws IOException {
    if (buffer.limit() - start >= bytes) {
      return true;
    }
    ByteBuffer target =
        bytes <= buffer.capacity() ? buffer : ByteBuffer.allocate(Math.max(bytes, BUFFER_BYTES));
    ByteBuffer rest = buffer.slice(start, buffer.limit() - start);
    bufferOffset += start;
    start = 0;
    target.clear();
    target.put(0, rest, 0, rest.limit());
    target.position(rest.limit());
    while (target.position() < bytes) {
      if (channel.read(target, bufferOffset + target.position()) < 0) {
        break;
      }
    }
    buffer = target.flip();
    return buffer.limit() >= bytes;
  }
}
