package chat.server.log;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;

/**
 * Writes at the end of one segment. One thread's.
 *
 * <p>Small appends go into zeros that are there already, for a file that grows costs each fsync a
 * write of the file's size beside that of its bytes, one after the other (and a commit of the file
 * system's journal, where it has one). So the first small append beyond the end of the file fills
 * it with zeros up to a multiple of {@link #FILL_BYTES}, and the next thousand leave the size as it
 * is. Large appends, in which that cost is shared by many entries, grow the file: their zeros would
 * be as many bytes again.
 *
 * <p>To a reader the zeros are what a torn write leaves, and are cut at the next start. Only the
 * last segment ever has them: {@link #trim} before the next one is made.
 */
final class SegmentWriter implements Closeable {
  static final int FILL_BYTES = 256 << 10;
  private static final int PAGE_BYTES = 4 << 10;
  // What the disk writes for a smaller append in any case.
  private static final int SMALL_BYTES = PAGE_BYTES;
  private static final ByteBuffer ZEROS = ByteBuffer.allocateDirect(PAGE_BYTES).asReadOnlyBuffer();

  private final FileChannel channel;
  private final long segmentBytes;
  private long fileBytes;

  private SegmentWriter(FileChannel channel, long segmentBytes, long fileBytes) {
    this.channel = channel;
    this.segmentBytes = segmentBytes;
    this.fileBytes = fileBytes;
  }

  /**
   * Opens a segment's file.
   *
   * @param segmentBytes zeros go no further than this
   */
  static SegmentWriter open(Segment segment, long segmentBytes) throws IOException {
    FileChannel channel =
        FileChannel.open(segment.file(), StandardOpenOption.READ, StandardOpenOption.WRITE);
    return new SegmentWriter(channel, segmentBytes, channel.size());
  }

  /** The open file, to read from; whoever reads leaves its position and its size alone. */
  FileChannel channel() {
    return channel;
  }

  /**
   * Writes all of {@code append}.
   *
   * @param at the offset of its first byte: where the segment ends
   * @return where the segment ends now
   */
  long write(ByteBuffer append, long at) throws IOException {
    boolean isSmall = append.remaining() <= SMALL_BYTES;
    long end = writeAll(append, at);
    if (end > fileBytes) {
      fileBytes = end;
      long filled = Math.min(end - end % FILL_BYTES + FILL_BYTES, segmentBytes);
      if (isSmall && end < filled) {
        fill(filled);
      }
    }
    return end;
  }

  // Page by page: Linux keeps what one call writes in one large piece, and counts, and may write,
  // the whole piece again for every byte that changes in it. A message cost 90 KB.
  private void fill(long filled) throws IOException {
    while (fileBytes < filled) {
      long page = Math.min(filled, fileBytes - fileBytes % PAGE_BYTES + PAGE_BYTES);
      fileBytes = writeAll(ZEROS.duplicate().limit((int) (page - fileBytes)), fileBytes);
    }
  }

  private long writeAll(ByteBuffer bytes, long at) throws IOException {
    long end = at;
    while (bytes.hasRemaining()) {
      end += channel.write(bytes, end);
    }
    return end;
  }

  /** Forces what was written, and the size of the file if it has grown. */
  void force() throws IOException {
    channel.force(false);
  }

  /** Ends the file at the offset {@code bytes}; for certain when it returns. */
  void truncate(long bytes) throws IOException {
    channel.truncate(bytes);
    fileBytes = bytes;
    // The size is all that changed: not left to fdatasync, which may skip metadata.
    channel.force(true);
  }

  /** {@link #truncate}, if there are zeros behind {@code bytes}. */
  void trim(long bytes) throws IOException {
    if (fileBytes > bytes) {
      truncate(bytes);
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
