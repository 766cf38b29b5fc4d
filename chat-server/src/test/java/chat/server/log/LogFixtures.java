package chat.server.log;

import chat.server.replication.Entry;
import chat.server.replication.Epoch;
import chat.server.replication.LogPosition;
import chat.server.replication.ServerId;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.extension.AnnotatedElementContext;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.io.TempDirFactory;

/** Entries and directories for tests of the log. */
final class LogFixtures {
  static final LogOptions SMALL = new LogOptions(600, 0);

  private LogFixtures() {}

  /** {@code count} entries of 1 to 40 random bytes after {@code previous}. */
  static List<Entry> entries(LogPosition previous, int count, Random random) {
    return entries(previous, count, random, 40);
  }

  static List<Entry> entries(LogPosition previous, int count, Random random, int bytesMax) {
    List<Entry> entries = new ArrayList<>();
    LogPosition last = previous;
    for (int i = 0; i < count; i++) {
      byte[] payload = new byte[1 + random.nextInt(bytesMax)];
      random.nextBytes(payload);
      Entry entry =
          Entry.following(last, Epoch.of(1 + random.nextInt(3), new ServerId(3)), payload);
      entries.add(entry);
      last = entry.position();
    }
    return entries;
  }

  static List<Entry> all(SegmentedLog log) throws IOException {
    return log.read(0, Long.MAX_VALUE, Integer.MAX_VALUE);
  }

  static List<Path> segments(Path directory) throws IOException {
    List<Path> files = new ArrayList<>();
    try (DirectoryStream<Path> found = Files.newDirectoryStream(directory, "*.log")) {
      found.forEach(files::add);
    }
    Collections.sort(files);
    return files;
  }

  static void copy(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    try (DirectoryStream<Path> old = Files.newDirectoryStream(to)) {
      for (Path file : old) {
        Files.delete(file);
      }
    }
    try (DirectoryStream<Path> files = Files.newDirectoryStream(from)) {
      for (Path file : files) {
        Files.copy(file, to.resolve(from.relativize(file)));
      }
    }
  }

  /** Thousands of fsyncs: what is tested is what the log does, not how fast the disk is. */
  static final class InMemory implements TempDirFactory {
    @Override
    public Path createTempDirectory(AnnotatedElementContext element, ExtensionContext test)
        throws IOException {
      Path memory = Path.of("/dev/shm");
      return Files.isWritable(memory)
          ? Files.createTempDirectory(memory, "chat-log")
          : Files.createTempDirectory("chat-log");
    }
  }
}
