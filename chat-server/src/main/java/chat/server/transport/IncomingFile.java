package chat.server.transport;

import com.google.protobuf.ByteString;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;

/** A file that arrives in pieces. Confined to one thread at a time. */
public final class IncomingFile implements Closeable {
  /** What arrived is not what was sent: the sender's fault or the wire's, not this machine's. */
  public static final class DamagedException extends IOException {
    private static final long serialVersionUID = 1L;

    DamagedException(String sentence) {
      super(sentence);
    }
  }

  private final FileChannel channel;
  private final CRC32C checksum = new CRC32C();
  private long sizeBytes;
  private boolean whole;

  /**
   * @param file made new; one that is there is overwritten
   */
  public IncomingFile(Path file) throws IOException {
    channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.TRUNCATE_EXISTING);
  }

  public void add(ByteString piece) throws IOException {
    // What comes after the summary is in no sum.
    whole &= piece.isEmpty();
    for (ByteBuffer part : piece.asReadOnlyByteBufferList()) {
      checksum.update(part.duplicate());
      sizeBytes += part.remaining();
      while (part.hasRemaining()) {
        channel.write(part);
      }
    }
  }

  /**
   * Checks that all of it has arrived, and forces it to the disk.
   *
   * @throws DamagedException in words, if it is not what was sent
   */
  public void finish(long expectedBytes, int expectedCrc32c) throws IOException {
    if (sizeBytes != expectedBytes || (int) checksum.getValue() != expectedCrc32c) {
      throw new DamagedException(
          "The file was damaged on its way: "
              + sizeBytes
              + " bytes of "
              + expectedBytes
              + " arrived, with another checksum than was sent.");
    }
    channel.force(true);
    whole = true;
  }

  /** Whether {@link #finish} has found it whole. */
  public boolean isWhole() {
    return whole;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
