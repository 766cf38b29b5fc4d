package chat.client.chaos;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A disk of some hundred megabytes in memory, to be filled up. For root; one thread's. */
final class SmallDisk implements AutoCloseable {
  private static final String SOURCE = System.getProperty("chat.network", "chatpt-") + "disk";
  private static final int CHUNK_BYTES = 1 << 20;

  private final Path place;
  private final Path ballast;
  private boolean mounted = true;

  private SmallDisk(Path place) {
    this.place = place;
    this.ballast = place.resolve("ballast");
  }

  /** Mounts one on a directory, which it makes. */
  static SmallDisk mount(Path place, int mebibytes) throws IOException, InterruptedException {
    Files.createDirectories(place);
    run("mount", "-t", "tmpfs", "-o", "size=" + mebibytes + "m", SOURCE, place.toString());
    return new SmallDisk(place);
  }

  /** Unmounts what a killed run has left behind; for whoever has the turn. */
  static void unmountAll() throws IOException, InterruptedException {
    for (String line : Files.readAllLines(Path.of("/proc/self/mounts"))) {
      String[] words = line.split(" ", -1);
      if (words[0].equals(SOURCE)) {
        run("umount", "--lazy", words[1]);
      }
    }
  }

  /** Writes until nothing more fits; again and again, for a server may make room. */
  void fill() throws IOException {
    try (OutputStream out =
        Files.newOutputStream(ballast, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
      for (int size = CHUNK_BYTES; size > 0; size /= 2) {
        writeWhileItFits(out, size);
      }
    }
  }

  /** Writes until so much is left. */
  void fillTo(int mebibytes) throws IOException {
    FileStore store = Files.getFileStore(place);
    try (OutputStream out =
        Files.newOutputStream(ballast, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
      while (store.getUsableSpace() > (long) mebibytes * CHUNK_BYTES) {
        out.write(new byte[CHUNK_BYTES]);
      }
    }
  }

  private static void writeWhileItFits(OutputStream out, int size) {
    byte[] chunk = new byte[size];
    try {
      while (true) {
        out.write(chunk);
      }
    } catch (IOException e) {
      // Full, as it was meant to be.
    }
  }

  void free() throws IOException {
    Files.deleteIfExists(ballast);
  }

  /** Unmounts it, and leaves what was on it in the directory. */
  void closeAndKeep() throws IOException, InterruptedException {
    free();
    Path copy = place.resolveSibling(place.getFileName() + "-kept");
    run("cp", "-a", place.toString(), copy.toString());
    close();
    Files.delete(place);
    Files.move(copy, place);
  }

  @Override
  public void close() throws IOException {
    if (!mounted) {
      return;
    }
    mounted = false;
    try {
      // Lazily: the last process of it may be about to end.
      run("umount", "--lazy", place.toString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void run(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      throw new IOException(String.join(" ", command) + ": " + said.strip());
    }
  }
}
