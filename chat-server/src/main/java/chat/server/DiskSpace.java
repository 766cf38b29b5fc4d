package chat.server;

import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Watches how much is free where a server keeps its data. Below a reserve, which is the log's, the
 * disk is <em>low</em> until there is a tenth more than that again. A full disk ends the server
 * (R14); this is so that it does not come to that. Confined to its own thread, but for {@link
 * #requireRoom}.
 */
final class DiskSpace implements AutoCloseable {
  static final long RESERVE_BYTES_MAX = 1L << 30;

  /** Of a small disk: a twentieth is what file systems themselves keep back. */
  static final int RESERVE_SHARE = 20;

  private static final Logger logger = LoggerFactory.getLogger(DiskSpace.class);
  private static final long LOOK_MILLIS = 500;

  /** What a file store says of itself. */
  interface Source {
    long usableBytes() throws IOException;

    long totalBytes() throws IOException;
  }

  private final Source source;
  private final long reserveBytes;
  private final Consumer<Boolean> news;
  private final ScheduledExecutorService clock =
      Executors.newSingleThreadScheduledExecutor(
          work -> {
            Thread thread = new Thread(work, "disk-space");
            thread.setDaemon(true);
            return thread;
          });
  private boolean low;

  /**
   * @param reserveBytes negative for the default; 0 for never low
   * @param news gets every change, on the watching thread
   */
  DiskSpace(Source source, long reserveBytes, Consumer<Boolean> news) throws IOException {
    this.source = source;
    this.reserveBytes =
        reserveBytes >= 0
            ? reserveBytes
            : Math.min(RESERVE_BYTES_MAX, source.totalBytes() / RESERVE_SHARE);
    this.news = news;
  }

  /** Begins to look. */
  static DiskSpace watch(Path directory, long reserveBytes, Consumer<Boolean> news)
      throws IOException {
    FileStore store = Files.getFileStore(directory);
    DiskSpace space =
        new DiskSpace(
            new Source() {
              @Override
              public long usableBytes() throws IOException {
                return store.getUsableSpace();
              }

              @Override
              public long totalBytes() throws IOException {
                return store.getTotalSpace();
              }
            },
            reserveBytes,
            news);
    space.look();
    var unused =
        space.clock.scheduleWithFixedDelay(
            space::look, LOOK_MILLIS, LOOK_MILLIS, TimeUnit.MILLISECONDS);
    return space;
  }

  void look() {
    long free;
    try {
      free = source.usableBytes();
    } catch (IOException e) {
      logger.warn("it cannot be told how full the disk is: {}", e.getMessage());
      return;
    }
    boolean now = free < (low ? enoughBytes() : reserveBytes);
    if (now == low) {
      return;
    }
    low = now;
    if (low) {
      logger.warn(
          "the disk is nearly full: {} MiB are free, {} MiB are kept for the log (--disk-reserve);"
              + " new messages and accounts are refused until there is room",
          free >> 20,
          reserveBytes >> 20);
    } else {
      logger.info("the disk has room again: {} MiB are free", free >> 20);
    }
    news.accept(low);
  }

  /** From here on a disk that was low is so no longer. */
  private long enoughBytes() {
    return reserveBytes + reserveBytes / 10;
  }

  /**
   * Returns if there is room for what this server can do without, as a snapshot for another: that
   * must neither make the disk low nor keep it so. From any thread.
   *
   * @throws IOException if there is not, or it cannot be told; a sentence without its full stop
   */
  void requireRoom() throws IOException {
    long free = source.usableBytes();
    if (free < enoughBytes()) {
      throw new IOException(
          "this server's disk has no room for a snapshot: "
              + (free >> 20)
              + " MiB are free, "
              + (enoughBytes() >> 20)
              + " MiB are kept for the log (--disk-reserve)");
    }
  }

  @Override
  public void close() {
    clock.shutdownNow();
  }
}
