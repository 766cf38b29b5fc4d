package chat.client.chaos;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.Random;

/**
 * Damages the newest segment of a dead server's log, and puts back what was. A server writes into
 * zeros that it has filled in ahead: what is meant here by the log is what comes before them.
 */
final class LogDamage {
  private static final int HEADER_BYTES = 48;
  private static final int GARBAGE_BYTES_MAX = 5000;
  private static final int CUT_BYTES_MAX = 300;

  private final Path segment;
  private final Path saved;
  private final String words;

  private LogDamage(Path segment, Path saved, String words) {
    this.segment = segment;
    this.saved = saved;
    this.words = words;
  }

  /** What was done, in words. */
  String words() {
    return words;
  }

  /** Adds to the end of the log, or cuts it, as a power failure may. */
  static LogDamage tear(Path data, Path directory, Random random) throws IOException {
    Path segment = newestSegment(data);
    Path saved = save(segment, directory);
    long size = written(segment);
    try (FileChannel channel = FileChannel.open(segment, StandardOpenOption.WRITE)) {
      if (random.nextBoolean()) {
        byte[] garbage = new byte[1 + random.nextInt(GARBAGE_BYTES_MAX)];
        random.nextBytes(garbage);
        channel.write(ByteBuffer.wrap(garbage), size);
        return new LogDamage(segment, saved, garbage.length + " bytes of garbage at its end");
      }
      long cut = Math.min(size - HEADER_BYTES, 1 + random.nextInt(CUT_BYTES_MAX));
      channel.truncate(size - cut);
      return new LogDamage(segment, saved, "the last " + cut + " of " + size + " bytes cut");
    }
  }

  /** Flips a bit in the first half, which was on the disk long before the end was written. */
  static LogDamage flip(Path data, Path directory, Random random) throws IOException {
    Path segment = newestSegment(data);
    Path saved = save(segment, directory);
    long size = written(segment);
    try (FileChannel channel =
        FileChannel.open(segment, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      long at = (long) (random.nextDouble() * size / 2);
      ByteBuffer one = ByteBuffer.allocate(1);
      channel.read(one, at);
      one.put(0, (byte) (one.get(0) ^ 1 << random.nextInt(Byte.SIZE)));
      channel.write(one.rewind(), at);
      return new LogDamage(segment, saved, "a bit of byte " + at + " of " + size);
    }
  }

  /** Where the zeros at the end begin. */
  private static long written(Path segment) throws IOException {
    byte[] bytes = Files.readAllBytes(segment);
    int end = bytes.length;
    while (end > HEADER_BYTES && bytes[end - 1] == 0) {
      end--;
    }
    return end;
  }

  /** Puts the log back as it was. */
  void undo() throws IOException {
    Files.copy(saved, segment, StandardCopyOption.REPLACE_EXISTING);
  }

  private static Path newestSegment(Path data) throws IOException {
    try (var files = Files.list(data.resolve("log"))) {
      return files
          .filter(file -> file.toString().endsWith(".log"))
          .max(Comparator.naturalOrder())
          .orElseThrow(() -> new IOException("no log in " + data));
    }
  }

  private static Path save(Path segment, Path directory) throws IOException {
    return Files.copy(
        segment, directory.resolve("segment.saved"), StandardCopyOption.REPLACE_EXISTING);
  }
}
