package chat.server.transport;

import com.google.protobuf.ByteString;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;

/** A file that is read in pieces to be sent. Confined to one thread at a time. */
public final class OutgoingFile implements Closeable {
  /** Of one piece: small beside a message's limit, large beside its overhead. */
  public static final int PIECE_BYTES = 256 << 10;

  private final FileChannel channel;
  private final CRC32C checksum = new CRC32C();
  private long sizeBytes;

  public OutgoingFile(Path file) throws IOException {
    channel = FileChannel.open(file, StandardOpenOption.READ);
  }

  /** The next piece; empty at the end. */
  public ByteString next() throws IOException {
    ByteBuffer piece = ByteBuffer.allocate(PIECE_BYTES);
    while (piece.hasRemaining() && channel.read(piece) >= 0) {
      // Pieces are full but for the last.
    }
    piece.flip();
    checksum.update(piece.duplicate());
    sizeBytes += piece.remaining();
    return ByteString.copyFrom(piece);
  }

  /** Of what was read so far. */
  public long sizeBytes() {
    return sizeBytes;
  }

  /** CRC32C of what was read so far. */
  public int crc32c() {
    return (int) checksum.getValue();
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
