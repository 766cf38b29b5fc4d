package chat.server.transport;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends a file as the answer of a streaming call, as fast as the caller takes it, and deletes it.
 * Confined to the call's executor, which must be one that may read files.
 */
public final class FileSending<T> {
  private static final Logger logger = LoggerFactory.getLogger(FileSending.class);

  /** Makes the last message, of the size and the CRC32C of all pieces. */
  public interface Last<T> {
    T of(long sizeBytes, int crc32c);
  }

  private final ServerCallStreamObserver<T> call;
  private final Path path;
  private final OutgoingFile file;
  private final Function<ByteString, T> pieces;
  private final Last<T> last;
  private boolean over;

  private FileSending(
      ServerCallStreamObserver<T> call, Path path, Function<ByteString, T> pieces, Last<T> last)
      throws IOException {
    this.call = call;
    this.path = path;
    this.file = new OutgoingFile(path);
    this.pieces = pieces;
    this.last = last;
  }

  /** Begins; to be called before the method that serves the call returns. */
  public static <T> void start(
      ServerCallStreamObserver<T> call, Path path, Function<ByteString, T> pieces, Last<T> last)
      throws IOException {
    FileSending<T> sending = new FileSending<>(call, path, pieces, last);
    call.setOnReadyHandler(sending::send);
    call.setOnCancelHandler(sending::end);
  }

  private void send() {
    try {
      while (!over && call.isReady()) {
        ByteString piece = file.next();
        if (piece.isEmpty()) {
          call.onNext(last.of(file.sizeBytes(), file.crc32c()));
          call.onCompleted();
          end();
        } else {
          call.onNext(pieces.apply(piece));
        }
      }
    } catch (IOException e) {
      logger.error("cannot read {}", path, e);
      call.onError(Status.INTERNAL.withDescription("The file cannot be read.").asException());
      end();
    }
  }

  private void end() {
    if (over) {
      return;
    }
    over = true;
    try {
      file.close();
      Files.deleteIfExists(path);
    } catch (IOException e) {
      logger.warn("{} stays: {}", path, e.toString());
    }
  }
}
