package chat.server.log;

import chat.server.replication.LogPosition;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * One file of the log, as readers see it. Read from any thread; {@link #extend} and {@link
 * #truncateAfter} belong to the writer, and while it truncates nobody reads.
 *
 * <p>A read opens the file anew: reads beyond the cache are rare and large, and a channel that is
 * shared would be closed for all when one reader's thread is interrupted.
 */
final class Segment {
  private final Path file;
  private final SegmentHeader header;
  private final SparseIndex index;
  // Written in this order and read in the other: whoever sees a last entry sees its bytes.
  private volatile long bytes;
  private volatile LogPosition last;

  Segment(Path file, SegmentHeader header, SparseIndex index, LogPosition last, long bytes) {
    this.file = file;
    this.header = header;
    this.index = index;
    this.bytes = bytes;
    this.last = last;
  }

  static Segment empty(Path file, SegmentHeader header) {
    return new Segment(file, header, new SparseIndex(), header.before(), SegmentHeader.BYTES);
  }

  Path file() {
    return file;
  }

  long salt() {
    return header.salt();
  }

  long firstIndex() {
    return header.firstIndex();
  }

  /** The last entry's position, or that of the entry before this segment. */
  LogPosition last() {
    return last;
  }

  long bytes() {
    return bytes;
  }

  void indexEntry(long entryIndex, long offset) {
    index.offer(entryIndex, offset);
  }

  /** Shows readers what was written. */
  void extend(LogPosition newLast, long newBytes) {
    bytes = newBytes;
    last = newLast;
  }

  Optional<LogPosition> position(long entryIndex) throws IOException {
    if (entryIndex == header.before().index()) {
      return Optional.of(header.before());
    }
    try (FileChannel channel = open()) {
      return Optional.of(seek(channel, entryIndex).position());
    }
  }

  /** Adds entries from {@code first} on, which this segment has, to the batch. */
  void read(long first, ReadBatch batch) throws IOException {
    long end = last.index();
    try (FileChannel channel = open()) {
      RecordCursor cursor = seek(channel, first);
      while (batch.takes(cursor.position().index(), cursor.payloadBytes())) {
        batch.add(cursor.entry());
        if (cursor.position().index() >= end) {
          return;
        }
        nextEntry(cursor);
      }
    }
  }

  /** Cuts the file behind the entry at {@code entryIndex}, or behind the header; forced. */
  void truncateAfter(long entryIndex, SegmentWriter writer) throws IOException {
    LogPosition newLast = header.before();
    long newBytes = SegmentHeader.BYTES;
    if (entryIndex >= firstIndex()) {
      RecordCursor cursor = seek(writer.channel(), entryIndex);
      newLast = cursor.position();
      newBytes = cursor.endOffset();
    }
    writer.truncate(newBytes);
    index.truncateAfter(entryIndex);
    last = newLast;
    bytes = newBytes;
  }

  private FileChannel open() throws IOException {
    return FileChannel.open(file, StandardOpenOption.READ);
  }

  private RecordCursor seek(FileChannel channel, long entryIndex) throws IOException {
    RecordCursor cursor =
        new RecordCursor(channel, header.salt(), index.offsetFor(entryIndex), bytes);
    do {
      nextEntry(cursor);
    } while (cursor.position().index() < entryIndex);
    return cursor;
  }

  private void nextEntry(RecordCursor cursor) throws IOException {
    do {
      if (cursor.next() != RecordCursor.Step.RECORD) {
        throw new DamagedLogException(
            file, cursor.endOffset(), "A record of the log that was whole at start is damaged");
      }
    } while (!cursor.isEntry());
  }
}
