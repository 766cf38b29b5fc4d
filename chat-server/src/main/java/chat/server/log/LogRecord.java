package chat.server.log;

import chat.server.replication.Epoch;
import chat.server.replication.LogPosition;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * The records of a segment, big-endian:
 *
 * <pre>
 * length 4 | CRC32C 4 | type 1 | epoch 8 | index 8 | running hash 8 | payload
 *            '- over the segment's salt, length and everything that follows
 * '- of everything after the CRC
 * </pre>
 *
 * An {@link #ENTRY} carries a command. A {@link #MARK} ends every append: its epoch and hash are
 * those of the entry before it, its index is the commit index known then, and its payload is the
 * index of the entry before it and how many bytes of this segment had been forced to the disk when
 * it was written. That last figure is what tells a torn tail from damage (see {@link SegmentScan}).
 *
 * <p>The salt is random for each segment, so that no payload, whoever sent it, can look like a
 * record (SQLite's write-ahead log does the same).
 */
final class LogRecord {
  static final byte ENTRY = 1;
  static final byte MARK = 2;

  static final int PREFIX_BYTES = 8;
  static final int FIXED_BYTES = 25;
  static final int OVERHEAD_BYTES = PREFIX_BYTES + FIXED_BYTES;
  static final int MARK_PAYLOAD_BYTES = 16;
  static final int MARK_BYTES = OVERHEAD_BYTES + MARK_PAYLOAD_BYTES;

  /** Far beyond any command; a length above it is certainly not a length. */
  static final int PAYLOAD_BYTES_MAX = 32 << 20;

  private static final int TYPE_AT = 8;
  private static final int EPOCH_AT = 9;
  private static final int INDEX_AT = 17;
  private static final int HASH_AT = 25;

  private LogRecord() {}

  static void putEntry(ByteBuffer out, long salt, LogPosition position, byte[] payload) {
    int start = begin(out, ENTRY, position.epoch(), position.index(), position.hash());
    out.put(payload);
    seal(out, salt, start);
  }

  static void putMark(
      ByteBuffer out, long salt, LogPosition last, long commitIndex, long durableBytes) {
    int start = begin(out, MARK, last.epoch(), commitIndex, last.hash());
    out.putLong(last.index()).putLong(durableBytes);
    seal(out, salt, start);
  }

  private static int begin(ByteBuffer out, byte type, Epoch epoch, long index, long hash) {
    int start = out.position();
    out.putLong(0).put(type).putLong(epoch.number()).putLong(index).putLong(hash);
    return start;
  }

  private static void seal(ByteBuffer out, long salt, int start) {
    int length = out.position() - start - PREFIX_BYTES;
    out.putInt(start, length);
    out.putInt(start + 4, checksum(out, salt, start, length));
  }

  /** The CRC of the record that starts at {@code start} and has {@code length} bytes after it. */
  static int checksum(ByteBuffer in, long salt, int start, int length) {
    CRC32C crc = new CRC32C();
    crc.update(ByteBuffer.allocate(Long.BYTES + Integer.BYTES).putLong(salt).putInt(length).flip());
    crc.update(in.slice(start + PREFIX_BYTES, length));
    return (int) crc.getValue();
  }

  static boolean isLength(int length) {
    return length >= FIXED_BYTES && length <= FIXED_BYTES + PAYLOAD_BYTES_MAX;
  }

  /** Whether type and length at {@code start} can be a record's; the CRC is not looked at. */
  static boolean isPlausible(ByteBuffer in, int start) {
    int length = in.getInt(start);
    byte type = in.get(start + TYPE_AT);
    return isLength(length)
        && (type == ENTRY || (type == MARK && length == FIXED_BYTES + MARK_PAYLOAD_BYTES))
        && in.getLong(start + EPOCH_AT) >= 0
        && in.getLong(start + INDEX_AT) >= 0;
  }

  static boolean isValid(ByteBuffer in, long salt, int start) {
    int length = in.getInt(start);
    return isPlausible(in, start) && in.getInt(start + 4) == checksum(in, salt, start, length);
  }

  static byte type(ByteBuffer in, int start) {
    return in.get(start + TYPE_AT);
  }

  /** Of an entry its index, of a mark the commit index. */
  static long index(ByteBuffer in, int start) {
    return in.getLong(start + INDEX_AT);
  }

  /** Of an entry its own position, of a mark the position of the entry before it. */
  static LogPosition position(ByteBuffer in, int start) {
    long index = type(in, start) == ENTRY ? index(in, start) : in.getLong(start + OVERHEAD_BYTES);
    return new LogPosition(
        index, new Epoch(in.getLong(start + EPOCH_AT)), in.getLong(start + HASH_AT));
  }

  /** Of a mark: how many bytes of its segment were on the disk for certain when it was written. */
  static long durableBytes(ByteBuffer in, int start) {
    return in.getLong(start + OVERHEAD_BYTES + 8);
  }
}
