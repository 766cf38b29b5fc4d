package chat.client.cli;

import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/** The lines of the input, counted, with a checksum of all up to the last. For one thread. */
final class NumberedLines {
  private final LineSource source;
  private final CRC32C checksum = new CRC32C();
  private long number;

  NumberedLines(LineSource source) {
    this.source = source;
  }

  /** The next line if there is one now. */
  @Nullable String poll() {
    return counted(source.poll());
  }

  /** The next line, waited for; null at the end. */
  @Nullable String take() throws InterruptedException {
    return counted(source.take());
  }

  private @Nullable String counted(@Nullable String line) {
    if (line != null) {
      number++;
      checksum.update(line.getBytes(StandardCharsets.UTF_8));
      checksum.update('\n');
    }
    return line;
  }

  boolean isEnded() {
    return source.isEnded();
  }

  /** The number of the last line; the first is 1. */
  long number() {
    return number;
  }

  /** Of the texts of all lines up to the last. */
  long checksum() {
    return checksum.getValue();
  }

  /** Of a line, with its end. */
  static int bytes(String line) {
    return line.getBytes(StandardCharsets.UTF_8).length + 1;
  }
}
