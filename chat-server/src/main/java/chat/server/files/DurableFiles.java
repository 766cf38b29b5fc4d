package chat.server.files;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** The few steps after which a file is there for certain, whatever crashes. Stateless. */
public final class DurableFiles {
  /** Of what is written beside a file before it takes its place. */
  public static final String TEMPORARY_SUFFIX = ".tmp";

  private DurableFiles() {}

  /**
   * Makes {@code file} have exactly this content, or the one it had before: written beside it,
   * forced, renamed over it, and the directory forced.
   */
  public static void replace(Path file, ByteBuffer content) throws IOException {
    Path temporary = file.resolveSibling(file.getFileName() + TEMPORARY_SUFFIX);
    try (FileChannel channel =
        FileChannel.open(
            temporary,
            StandardOpenOption.WRITE,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING)) {
      while (content.hasRemaining()) {
        channel.write(content);
      }
      channel.force(true);
    }
    Files.move(
        temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    forceDirectory(directoryOf(file));
  }

  public static void delete(Path file) throws IOException {
    Files.delete(file);
    forceDirectory(directoryOf(file));
  }

  /** Makes names that were created, renamed or deleted in the directory survive a crash. */
  public static void forceDirectory(Path directory) throws IOException {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  private static Path directoryOf(Path file) {
    Path directory = file.toAbsolutePath().getParent();
    if (directory == null) {
      throw new IllegalArgumentException(file + " names no file");
    }
    return directory;
  }
}
