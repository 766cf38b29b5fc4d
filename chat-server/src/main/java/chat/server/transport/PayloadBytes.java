package chat.server.transport;

import com.google.protobuf.ByteOutput;
import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Takes the array out of a parsed {@code bytes} field instead of copying it: the parser made that
 * array for the field alone, and the message around it is dropped at once.
 */
final class PayloadBytes extends ByteOutput {
  private byte @Nullable [] whole;

  byte[] of(ByteString payload) {
    try {
      UnsafeByteOperations.unsafeWriteTo(payload, this);
    } catch (IOException e) {
      throw new UncheckedIOException("an array in memory cannot fail to be written", e);
    }
    byte[] found = whole;
    return found != null && found.length == payload.size() ? found : payload.toByteArray();
  }

  @Override
  public void writeLazy(byte[] value, int offset, int length) {
    // Only an array that is the payload and nothing else, or a batch would be kept for an entry.
    whole = whole == null && offset == 0 && length == value.length ? value : null;
  }

  @Override
  public void write(byte value) {}

  @Override
  public void write(byte[] value, int offset, int length) {}

  @Override
  public void write(ByteBuffer value) {}

  @Override
  public void writeLazy(ByteBuffer value) {}
}
