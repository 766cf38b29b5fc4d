package chat.server.storage;

import chat.server.files.CheckedFile;
import chat.server.files.DamagedFileException;
import chat.server.files.UnknownFormatException;
import chat.server.replication.Epoch;
import chat.server.replication.LogPosition;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * The bytes of the database's file, seen from beside it. The database appends to its file and
 * writes over nothing but the header, so what a checkpoint has forced to the disk is a length and a
 * header: they are kept in a file of their own, with checksums of all that comes before. At a start
 * the database is made to be exactly that again, whatever a crash had left behind it, and what is
 * newer follows from the log. H2 does not check what it reads; the checksums do.
 *
 * <p>One thread's at a time.
 */
final class DatabaseFile implements AutoCloseable {
  private static final long MAGIC = 0x4348415443484b50L; // "CHATCHKP"
  private static final int VERSION = 1;

  /** What H2 writes over: two copies of its header, a block each. */
  private static final int HEADER_BYTES = 2 * 4096;

  private static final int SEGMENT_BYTES = 4 << 20;

  private final FileChannel channel;
  private final CheckedFile marks;
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(SEGMENT_BYTES);
  private Mark newest;
  // What was there at the start, and how many of its segments, from the first on, are unread.
  private final Mark found;
  private int unread;

  /**
   * A state of the file.
   *
   * @param position up to where the log is applied in it
   * @param length of the file
   * @param header its first bytes
   * @param checksums of each segment of the rest, the last one being shorter
   */
  private record Mark(LogPosition position, long length, byte[] header, List<Integer> checksums) {
    static final Mark NONE = new Mark(LogPosition.START, 0, new byte[0], List.of());

    /** How much of a segment there is; its first bytes may be the header. */
    int segmentBytes(int segment) {
      return (int) Math.min(SEGMENT_BYTES, length - (long) segment * SEGMENT_BYTES);
    }

    /** How many segments another file has in common with this one. */
    int wholeSegments() {
      return (int) (length / SEGMENT_BYTES);
    }
  }

  private DatabaseFile(FileChannel channel, CheckedFile marks, Mark found) {
    this.channel = channel;
    this.marks = marks;
    this.found = found;
    this.newest = found;
    this.unread = found.checksums().size();
  }

  /**
   * Opens the file of a directory, making an empty one if there is none, as it was at the last
   * checkpoint. To be done before H2 opens it, and to be closed after it has closed it: to close a
   * file gives up the locks of all who have it open in this process.
   *
   * @param checkNanos how long to read what is there; the rest is left to {@link #check}
   * @throws DatabaseUnusableException if it is not as it was then, or nobody knows how that was
   * @throws IOException if it cannot be read, or another process has it open
   */
  static DatabaseFile open(Path directory, long checkNanos)
      throws IOException, DatabaseUnusableException {
    Path path = H2Database.file(directory);
    CheckedFile marks = marks(directory);
    Optional<Mark> found = read(marks);
    if (found.isEmpty() && Files.exists(path)) {
      throw new DatabaseUnusableException(
          "the database " + path + " was never written to the disk whole");
    }
    FileChannel channel =
        FileChannel.open(
            path, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE);
    try {
      DatabaseFile file = new DatabaseFile(channel, marks, found.orElse(Mark.NONE));
      if (found.isPresent()) {
        file.restore(checkNanos);
      }
      return file;
    } catch (IOException | RuntimeException | DatabaseUnusableException e) {
      channel.close();
      throw e;
    }
  }

  /**
   * Forces a database that is closed to the disk, and remembers it, so that it can be opened.
   *
   * @param position up to where the log is applied in it
   */
  static void remember(Path directory, LogPosition position) throws IOException {
    try (FileChannel channel =
        FileChannel.open(
            H2Database.file(directory), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      DatabaseFile file = new DatabaseFile(channel, marks(directory), Mark.NONE);
      file.force();
      file.mark(position);
    }
  }

  private static CheckedFile marks(Path directory) {
    return new CheckedFile(
        H2Database.checkpoint(directory),
        MAGIC,
        VERSION,
        "It says what the database beside it is to be; both follow from the log.");
  }

  private static Optional<Mark> read(CheckedFile marks)
      throws IOException, DatabaseUnusableException {
    try {
      return marks.read().map(DatabaseFile::parse);
    } catch (UnknownFormatException
        | DamagedFileException
        | IllegalArgumentException
        | BufferUnderflowException e) {
      throw new DatabaseUnusableException("what the database is to be cannot be told", e);
    }
  }

  private static Mark parse(ByteBuffer in) {
    LogPosition position = new LogPosition(in.getLong(), new Epoch(in.getLong()), in.getLong());
    long length = in.getLong();
    byte[] header = new byte[HEADER_BYTES];
    in.get(header);
    List<Integer> checksums = new ArrayList<>(in.remaining() / Integer.BYTES);
    while (in.hasRemaining()) {
      checksums.add(in.getInt());
    }
    Mark mark = new Mark(position, length, header, checksums);
    if (checksums.size() != segments(length)) {
      throw new IllegalArgumentException(checksums.size() + " checksums of " + length + " bytes");
    }
    return mark;
  }

  private static int segments(long length) {
    return (int) ((length + SEGMENT_BYTES - 1) / SEGMENT_BYTES);
  }

  private void restore(long checkNanos) throws IOException, DatabaseUnusableException {
    try (FileLock lock = channel.tryLock()) {
      if (lock == null) {
        throw new IOException("another process has the database open");
      }
      if (channel.size() < found.length()) {
        throw new DatabaseUnusableException(
            "the database is damaged: it has "
                + channel.size()
                + " bytes and not the "
                + found.length()
                + " that were written");
      }
      long deadline = System.nanoTime() + checkNanos;
      // What was written last is what may have come to harm.
      while (check() && System.nanoTime() - deadline < 0) {
        // The next one.
      }
      channel.truncate(found.length());
      ByteBuffer header = ByteBuffer.wrap(found.header());
      while (header.hasRemaining()) {
        channel.write(header, header.position());
      }
      channel.force(true);
    } catch (OverlappingFileLockException e) {
      throw new IOException("another process has the database open, or this one already", e);
    }
  }

  /**
   * Reads some of what was there at the start.
   *
   * @return whether there is more
   * @throws DatabaseUnusableException if it is not what was written
   */
  boolean check() throws IOException, DatabaseUnusableException {
    if (unread == 0) {
      return false;
    }
    int segment = unread - 1;
    if (checksum(segment, found.segmentBytes(segment)) != found.checksums().get(segment)) {
      throw new DatabaseUnusableException(
          "the database is damaged: its bytes from "
              + (long) segment * SEGMENT_BYTES
              + " on are not those that were written");
    }
    unread = segment;
    return unread > 0;
  }

  /** Whether all of what was there at the start has been read. */
  boolean isChecked() {
    return unread == 0;
  }

  /** Up to where the log is applied in the file that was found. */
  LogPosition position() {
    return found.position();
  }

  /** Forces it to the disk: for what H2 writes while it closes. */
  void force() throws IOException {
    channel.force(true);
  }

  /**
   * Remembers the file as it is now: it must have been forced to the disk, and nobody may write to
   * it meanwhile.
   *
   * @param position up to where the log is applied in it
   */
  void mark(LogPosition position) throws IOException {
    long length = channel.size();
    byte[] header = new byte[HEADER_BYTES];
    read(ByteBuffer.wrap(header), 0);
    // It never gets shorter; if it did, nothing of what was known would count.
    int kept = length < newest.length() ? 0 : newest.wholeSegments();
    List<Integer> checksums = new ArrayList<>(newest.checksums().subList(0, kept));
    Mark mark = new Mark(position, length, header, checksums);
    for (int segment = kept; segment < segments(length); segment++) {
      checksums.add(checksum(segment, mark.segmentBytes(segment)));
    }
    ByteBuffer out =
        ByteBuffer.allocate(4 * Long.BYTES + HEADER_BYTES + checksums.size() * Integer.BYTES);
    out.putLong(position.index()).putLong(position.epoch().number()).putLong(position.hash());
    out.putLong(length).put(header);
    checksums.forEach(out::putInt);
    marks.write(out.array());
    newest = mark;
  }

  private int checksum(int segment, int length) throws IOException {
    ByteBuffer bytes = buffer.slice(0, length);
    read(bytes, (long) segment * SEGMENT_BYTES);
    CRC32C crc = new CRC32C();
    crc.update(bytes.flip().position(segment == 0 ? HEADER_BYTES : 0));
    return (int) crc.getValue();
  }

  private void read(ByteBuffer into, long from) throws IOException {
    long at = from;
    while (into.hasRemaining()) {
      int read = channel.read(into, at);
      if (read < 0) {
        throw new IOException("the database's file ends at " + at);
      }
      at += read;
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
