package chat.server.log;

import chat.server.replication.LogPosition;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/**
 * Reads one segment from end to end at the start of a server, checks it, and decides what a bad
 * record means.
 *
 * <p>Nothing but zeros up to the end of the last segment is what {@link SegmentWriter} filled it
 * with before the server was killed. A crash leaves a <em>torn tail</em>: the end of what was
 * written after the last fsync is missing. Nobody was told that it is there, so it is cut. Anything
 * else is <em>damage</em> to bytes that may have been acknowledged, and is refused:
 *
 * <ul>
 *   <li>a bad record in any segment but the last: each was forced before the next was made;
 *   <li>a bad record before a mark that says that those bytes had been forced;
 *   <li>a bad record before any valid one, unless the bytes between look like a page that never
 *       reached the disk: zeros from the bad record or a sector's start up to a sector's end. When
 *       the power fails, the pages of one unforced write may be lost in any order.
 * </ul>
 *
 * <p>Every append ends with a mark, so a bit that flips in any entry of a complete append, even the
 * last, has a valid record after it and is refused; only in the last mark of all is it taken for a
 * torn tail, and no entry is lost with that.
 */
final class SegmentScan {
  private static final int SECTOR_BYTES = 512;
  // Fewer zeros may be the length field of a record in which a bit flipped.
  private static final int HOLE_BYTES_MIN = 16;

  private final Path file;
  private final FileChannel channel;
  private final SegmentHeader header;
  private final SparseIndex index = new SparseIndex();
  private LogPosition last;
  private long commitIndex;
  private long validBytes;
  private boolean endsInZeros;
  private final long fileBytes;

  private SegmentScan(Path file, FileChannel channel) throws IOException {
    this.file = file;
    this.channel = channel;
    this.header = SegmentHeader.read(file, channel);
    this.last = header.before();
    this.fileBytes = channel.size();
  }

  /**
   * Scans a segment.
   *
   * @param isLast whether a torn tail is possible
   * @throws DamagedLogException if it is damaged
   */
  static SegmentScan of(Path file, FileChannel channel, boolean isLast) throws IOException {
    SegmentScan scan = new SegmentScan(file, channel);
    scan.run(isLast);
    return scan;
  }

  SegmentHeader header() {
    return header;
  }

  SparseIndex index() {
    return index;
  }

  LogPosition last() {
    return last;
  }

  /** The newest commit index that the segment records; 0 if none. */
  long commitIndex() {
    return commitIndex;
  }

  /** Up to where the segment is valid; what lies beyond is zeros or a torn tail. */
  long validBytes() {
    return validBytes;
  }

  /** How many bytes lie beyond {@link #validBytes}. */
  long bytesBeyond() {
    return fileBytes - validBytes;
  }

  /** How many of them are a torn tail: all, or none if they are zeros. */
  long tornBytes() {
    return endsInZeros ? 0 : bytesBeyond();
  }

  private void run(boolean isLast) throws IOException {
    RecordCursor cursor = new RecordCursor(channel, header.salt(), SegmentHeader.BYTES, fileBytes);
    RecordCursor.Step step;
    while ((step = cursor.next()) == RecordCursor.Step.RECORD) {
      if (cursor.isEntry()) {
        if (!cursor.entry().follows(last)) {
          throw broken(cursor, "entry " + cursor.position() + " does not follow " + last);
        }
        last = cursor.position();
        index.offer(last.index(), cursor.offset());
      } else {
        long commit = cursor.commitIndex();
        if (!cursor.position().equals(last) || commit > last.index()) {
          throw broken(
              cursor, "mark of " + cursor.position() + " committed " + commit + " after " + last);
        }
        commitIndex = Math.max(commitIndex, commit);
      }
    }
    validBytes = cursor.offset();
    if (step == RecordCursor.Step.BAD && (!isLast || !isTornAt(validBytes))) {
      throw new DamagedLogException(
          file, validBytes, "The record after entry " + last.index() + " of the log is damaged");
    }
  }

  private DamagedLogException broken(RecordCursor cursor, String what) {
    return new DamagedLogException(
        file, cursor.offset(), "The chain of the log is broken (" + what + ")");
  }

  private boolean isTornAt(long bad) throws IOException {
    // Mapped, not read: up to a whole segment, and only ever after a crash. Mapped from a sector's
    // start, so that offsets in the map are aligned as those in the file.
    long mapStart = bad - bad % SECTOR_BYTES;
    ByteBuffer bytes = channel.map(FileChannel.MapMode.READ_ONLY, mapStart, fileBytes - mapStart);
    int badAt = (int) (bad - mapStart);
    endsInZeros = isZeros(bytes, badAt, bytes.limit());
    if (endsInZeros) {
      return true;
    }
    int firstValidAt = -1;
    int at = badAt + 1;
    while (at + LogRecord.OVERHEAD_BYTES <= bytes.limit()) {
      if (!isRecord(bytes, at)) {
        at++;
        continue;
      }
      if (LogRecord.type(bytes, at) == LogRecord.MARK && LogRecord.durableBytes(bytes, at) > bad) {
        return false;
      }
      firstValidAt = firstValidAt < 0 ? at : firstValidAt;
      at += LogRecord.PREFIX_BYTES + bytes.getInt(at);
    }
    return firstValidAt < 0 || hasHole(bytes, badAt, firstValidAt);
  }

  private boolean isRecord(ByteBuffer bytes, int at) {
    // The cheap checks first: this runs for every byte. An index so far off that the missing
    // records cannot fit between is no index.
    return LogRecord.isPlausible(bytes, at)
        && (long) at + LogRecord.PREFIX_BYTES + bytes.getInt(at) <= bytes.limit()
        && LogRecord.index(bytes, at) <= last.index() + bytes.limit()
        && LogRecord.isValid(bytes, header.salt(), at);
  }

  private static boolean hasHole(ByteBuffer bytes, int from, int to) {
    for (int start = from; start < to; start += SECTOR_BYTES - start % SECTOR_BYTES) {
      int end = start + SECTOR_BYTES - start % SECTOR_BYTES;
      // A valid record may begin within a hole: up to three bytes of its length are zeros anyway.
      if (end <= to + 3 && end - start >= HOLE_BYTES_MIN && isZeros(bytes, start, end)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isZeros(ByteBuffer bytes, int from, int to) {
    for (int at = from; at < to; at++) {
      if (bytes.get(at) != 0) {
        return false;
      }
    }
    return true;
  }
}
