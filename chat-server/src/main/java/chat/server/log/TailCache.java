package chat.server.log;

import chat.server.replication.Entry;
import chat.server.replication.LogPosition;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The newest entries of the log in memory, contiguous up to the last. Thread-safe; every method is
 * short and does no I/O.
 */
final class TailCache {
  // What an entry costs beside its payload: three objects, an array header, a list slot.
  private static final int ENTRY_OVERHEAD_BYTES = 120;

  private final long bytesMax;
  private final List<Entry> entries = new ArrayList<>();
  private long bytes;

  TailCache(long bytesMax) {
    this.bytesMax = bytesMax;
  }

  synchronized void add(List<Entry> added) {
    for (Entry entry : added) {
      entries.add(entry);
      bytes += cost(entry);
    }
    if (bytes > bytesMax) {
      // A quarter at once, so that the list is shifted rarely.
      long goal = bytesMax - bytesMax / 4;
      int dropped = 0;
      while (dropped < entries.size() && bytes > goal) {
        bytes -= cost(entries.get(dropped++));
      }
      entries.subList(0, dropped).clear();
    }
  }

  synchronized void truncateAfter(long index) {
    while (!entries.isEmpty() && entries.get(entries.size() - 1).index() > index) {
      bytes -= cost(entries.remove(entries.size() - 1));
    }
  }

  synchronized Optional<LogPosition> position(long index) {
    int at = slot(index);
    return at < 0 ? Optional.empty() : Optional.of(entries.get(at).position());
  }

  /** Adds entries from {@code first} on to the batch, as far as it goes; none if not cached. */
  synchronized void read(long first, ReadBatch batch) {
    for (int at = slot(first); at >= 0 && at < entries.size(); at++) {
      Entry entry = entries.get(at);
      if (!batch.takes(entry.index(), entry.payload().length)) {
        return;
      }
      batch.add(entry);
    }
  }

  private int slot(long index) {
    if (entries.isEmpty()) {
      return -1;
    }
    long at = index - entries.get(0).index();
    return at >= 0 && at < entries.size() ? (int) at : -1;
  }

  private static long cost(Entry entry) {
    return (long) entry.payload().length + ENTRY_OVERHEAD_BYTES;
  }
}
