package chat.server.files;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * A small file that is replaced whole: magic 8, format version 4, length 4, content, CRC32C of all
 * before it 4. One thread's.
 */
public final class CheckedFile {
  private static final int OVERHEAD_BYTES = 20;

  private final Path file;
  private final long magic;
  private final int version;
  private final String whatToDo;

  /**
   * @param version of the content that is written, and the only one that is read
   * @param whatToDo a sentence for whoever finds the file damaged
   */
  public CheckedFile(Path file, long magic, int version, String whatToDo) {
    this.file = file;
    this.magic = magic;
    this.version = version;
    this.whatToDo = whatToDo;
  }

  /**
   * The content written last; empty if there never was any.
   *
   * @throws DamagedFileException if it is not as it was written
   * @throws UnknownFormatException if it is of another version
   * @throws IOException if it cannot be read
   */
  public Optional<ByteBuffer> read() throws IOException {
    ByteBuffer in;
    try {
      in = ByteBuffer.wrap(Files.readAllBytes(file));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
    if (in.limit() < OVERHEAD_BYTES
        || in.getLong() != magic
        || in.getInt(in.limit() - 4) != checksum(in, in.limit() - 4)) {
      throw damaged();
    }
    int found = in.getInt();
    if (found != version) {
      throw new UnknownFormatException(file, found, version);
    }
    if (in.getInt() != in.limit() - OVERHEAD_BYTES) {
      throw damaged();
    }
    return Optional.of(in.slice(in.position(), in.limit() - OVERHEAD_BYTES));
  }

  /** Replaces the content: after a return it is on the disk, before it the old one still is. */
  public void write(byte[] content) throws IOException {
    ByteBuffer out = ByteBuffer.allocate(content.length + OVERHEAD_BYTES);
    out.putLong(magic).putInt(version).putInt(content.length).put(content);
    out.putInt(checksum(out, out.position()));
    DurableFiles.replace(file, out.flip());
  }

  /** Says that the content cannot be read. */
  public DamagedFileException damaged() {
    return new DamagedFileException(file + " is damaged. " + whatToDo);
  }

  private static int checksum(ByteBuffer in, int length) {
    CRC32C crc = new CRC32C();
    crc.update(in.slice(0, length));
    return (int) crc.getValue();
  }
}
