package chat.server.log;

import chat.server.replication.Entry;
import chat.server.replication.Epoch;
import chat.server.replication.LogPosition;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Prints how many entries of 100 bytes a second are appended in forced batches of a size. */
public final class LogAppendBench {
  private static final long NANOS = 2_000_000_000L;

  private LogAppendBench() {}

  /** Takes the directory to write below; about six seconds. */
  public static void main(String[] args) throws IOException {
    for (int batch : new int[] {1, 64, 512}) {
      Path directory = Files.createTempDirectory(Path.of(args[0]), "bench");
      try (SegmentedLog log = SegmentedLog.open(directory)) {
        long count = 0;
        long start = System.nanoTime();
        while (System.nanoTime() - start < NANOS) {
          log.append(entries(log.last(), batch), log.last().index());
          log.sync();
          count += batch;
        }
        long millis = (System.nanoTime() - start) / 1_000_000;
        System.out.println("batches of " + batch + ": " + count * 1000 / millis + " entries/s");
      }
      long start = System.nanoTime();
      try (SegmentedLog log = SegmentedLog.open(directory)) {
        System.out.println(
            "opened and checked "
                + log.last().index()
                + " entries in "
                + (System.nanoTime() - start) / 1_000_000
                + " ms");
      }
    }
  }

  private static List<Entry> entries(LogPosition after, int count) {
    List<Entry> entries = new ArrayList<>(count);
    LogPosition last = after;
    for (int i = 0; i < count; i++) {
      Entry entry = Entry.following(last, new Epoch(1), new byte[100]);
      entries.add(entry);
      last = entry.position();
    }
    return entries;
  }
}
