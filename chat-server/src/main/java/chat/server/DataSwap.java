package chat.server;

import chat.server.files.DurableFiles;
import java.io.IOException;
import java.io.Reader;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Replaces parts of a data directory all at once (R15): what comes next is built in {@code next/}
 * and made durable, then the file {@code swap} decides; whoever finds that file finishes. A crash
 * at any step leaves, after {@link #finish}, the old parts or the new ones, never some of each.
 * Confined to one thread.
 */
final class DataSwap {
  private static final Logger logger = LoggerFactory.getLogger(DataSwap.class);
  private static final String MARKER = "swap";
  private static final String NEXT = "next";

  /** Where old parts go that nobody wants to keep. */
  private static final String OLD = "old";

  private final Path directory;
  private final Consumer<String> step;

  DataSwap(Path directory) {
    this(directory, step -> {});
  }

  /**
   * @param step told after everything that a crash may follow
   */
  DataSwap(Path directory, Consumer<String> step) {
    this.directory = directory;
    this.step = step;
  }

  /** Where to build what comes next: an empty directory. */
  Path begin() throws IOException {
    Path next = directory.resolve(NEXT);
    deleteTree(next);
    step.accept("cleared");
    Files.createDirectory(next);
    step.accept("made next");
    return next;
  }

  /** Has all that was built on the disk, so that little is left of it for {@link #decide}. */
  void force() throws IOException {
    forceTree(directory.resolve(NEXT));
    step.accept("forced what was built");
  }

  /**
   * Decides that these parts of {@code next/} take the places of those of the same names, now or at
   * the next {@link #finish}. Nothing in {@code next/} may be open.
   *
   * @param aside the directory that keeps the old parts; empty to delete them
   */
  void decide(List<String> parts, Optional<String> aside) throws IOException {
    Path next = directory.resolve(NEXT);
    for (String part : parts) {
      if (!Files.exists(next.resolve(part))) {
        throw new IllegalArgumentException(next + " has no part " + part);
      }
    }
    forceTree(next);
    step.accept("forced next");
    DurableFiles.forceDirectory(directory);
    step.accept("forced the directory");
    String text = "parts=" + String.join(" ", parts) + "\naside=" + aside.orElse("") + "\n";
    DurableFiles.replace(
        directory.resolve(MARKER), ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
    step.accept("decided");
  }

  /** Whether {@link #finish} has parts to exchange: some may be in neither place. */
  boolean isDecided() {
    return Files.exists(directory.resolve(MARKER));
  }

  /** A name for {@link #decide} that no directory has yet. */
  String asideName(long lineage) {
    int n = 1;
    while (Files.exists(directory.resolve("aside-" + lineage + "-" + n))) {
      n++;
    }
    return "aside-" + lineage + "-" + n;
  }

  /**
   * Finishes what was decided, and throws away what was not. To be called before any part opens.
   */
  void finish() throws IOException {
    Path marker = directory.resolve(MARKER);
    if (Files.exists(marker)) {
      Properties decided = new Properties();
      try (Reader reader = Files.newBufferedReader(marker)) {
        decided.load(reader);
      }
      String aside = decided.getProperty("aside", "");
      Path keep = directory.resolve(aside.isEmpty() ? OLD : aside);
      for (String part : decided.getProperty("parts", "").split(" ", -1)) {
        exchange(part, keep);
      }
      DurableFiles.delete(marker);
      step.accept("finished");
      logger.info(
          "the data was replaced{}", aside.isEmpty() ? "" : "; what was there is kept in " + keep);
    }
    deleteTree(directory.resolve(NEXT));
    step.accept("deleted next");
    deleteTree(directory.resolve(OLD));
    step.accept("deleted old");
  }

  private void exchange(String part, Path keep) throws IOException {
    Path coming = directory.resolve(NEXT).resolve(part);
    Path place = directory.resolve(part);
    if (!Files.exists(coming)) {
      return; // Exchanged before a crash.
    }
    if (Files.exists(place)) {
      Files.createDirectories(keep);
      step.accept("made the place for the old " + part);
      move(place, keep.resolve(part));
      step.accept("moved the old " + part);
    }
    move(coming, place);
    step.accept("moved the new " + part);
  }

  private static void move(Path from, Path to) throws IOException {
    Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    DurableFiles.forceDirectory(parent(to));
    DurableFiles.forceDirectory(parent(from));
  }

  private static Path parent(Path path) {
    Path parent = path.getParent();
    if (parent == null) {
      throw new IllegalArgumentException(path + " lies in no directory");
    }
    return parent;
  }

  private static void forceTree(Path root) throws IOException {
    for (Path path : tree(root)) {
      if (Files.isDirectory(path)) {
        DurableFiles.forceDirectory(path);
      } else {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
          channel.force(true);
        }
      }
    }
  }

  private static void deleteTree(Path root) throws IOException {
    if (Files.exists(root)) {
      for (Path path : tree(root)) {
        Files.delete(path);
      }
    }
  }

  /** What is in a directory, and it; what is inside comes first. */
  private static List<Path> tree(Path root) throws IOException {
    try (Stream<Path> paths = Files.walk(root)) {
      return paths.sorted(Comparator.reverseOrder()).toList();
    }
  }
}
