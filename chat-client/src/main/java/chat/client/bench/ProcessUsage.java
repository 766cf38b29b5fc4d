package chat.client.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * What a process has used since it began, by {@code /proc}.
 *
 * @param cpuSeconds of all its threads, in user and kernel mode
 * @param rssBytes memory that is resident now
 * @param writtenBytes what it had the kernel write to storage; not what lies in sockets or in files
 *     that were deleted before they were written
 */
record ProcessUsage(double cpuSeconds, long rssBytes, long writtenBytes) {
  /** What {@code /proc} counts in, on every Linux there is. */
  private static final double TICKS_A_SECOND = 100;

  private static final int KIB = 1024;

  static ProcessUsage of(long pid) {
    Path proc = Path.of("/proc", Long.toString(pid));
    try {
      String stat = Files.readString(proc.resolve("stat"));
      // The name before it may contain anything.
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
      double cpu = (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) / TICKS_A_SECOND;
      return new ProcessUsage(
          cpu,
          number(proc.resolve("status"), "VmRSS:") * KIB,
          number(proc.resolve("io"), "write_bytes:"));
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read what process " + pid + " uses.", e);
    }
  }

  private static long number(Path file, String name) throws IOException {
    try (Stream<String> lines = Files.lines(file, StandardCharsets.ISO_8859_1)) {
      return lines
          .filter(line -> line.startsWith(name))
          .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
          .findFirst()
          .orElse(0);
    }
  }

  /** The bytes of the files below a directory that somebody is writing to. */
  static long diskBytes(Path directory) {
    try (Stream<Path> paths = Files.walk(directory)) {
      return paths.mapToLong(ProcessUsage::size).sum();
    } catch (IOException | UncheckedIOException e) {
      // A directory went while it was walked: once more, and it stays gone.
      return diskBytes(directory);
    }
  }

  private static long size(Path path) {
    try {
      return Files.isRegularFile(path) ? Files.size(path) : 0;
    } catch (NoSuchFileException e) {
      return 0;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
