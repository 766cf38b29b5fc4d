package chat.server.log;

import chat.server.replication.Entry;
import chat.server.replication.LogPosition;
import chat.server.runtime.ReplicatedLog;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * The segments that there are, by their first index, and the newest entries in memory: the log as
 * readers see it. Never empty. Thread-safe, but only one thread adds and cuts at the end.
 */
final class Segments {
  private final ConcurrentSkipListMap<Long, Segment> segments;
  private final TailCache cache;
  // Readers share it, removal excludes them. Adding needs no lock.
  private final ReadWriteLock removal = new ReentrantReadWriteLock();

  interface Removal {
    void run() throws IOException;
  }

  Segments(ConcurrentSkipListMap<Long, Segment> found, TailCache cache) {
    this.segments = found;
    this.cache = cache;
  }

  long firstIndex() {
    return segments.firstKey();
  }

  Segment last() {
    return segments.lastEntry().getValue();
  }

  int size() {
    return segments.size();
  }

  List<ReplicatedLog.Extent> extents() {
    List<ReplicatedLog.Extent> extents = new ArrayList<>();
    for (Segment segment : segments.values()) {
      extents.add(new ReplicatedLog.Extent(segment.firstIndex(), segment.bytes()));
    }
    return extents;
  }

  void add(Segment next) {
    segments.put(next.firstIndex(), next);
  }

  /** Runs what cuts segments or removes the last ones, while nobody reads. */
  void cutting(Removal work) throws IOException {
    removal.writeLock().lock();
    try {
      work.run();
    } finally {
      removal.writeLock().unlock();
    }
  }

  /** Within {@link #cutting}; the one that is last then. */
  Segment removeLast() {
    segments.remove(last().firstIndex());
    return last();
  }

  /** The segments of which every entry is before an index, the oldest first; never the last. */
  List<Segment> before(long index) {
    Long kept = segments.floorKey(index);
    return kept == null ? List.of() : List.copyOf(segments.headMap(kept).values());
  }

  /** Takes {@link #before} out: no reader is left in them, and none will find them. */
  List<Segment> removeBefore(long index) {
    removal.writeLock().lock();
    try {
      List<Segment> removed = before(index);
      removed.forEach(segment -> segments.remove(segment.firstIndex()));
      return removed;
    } finally {
      removal.writeLock().unlock();
    }
  }

  List<Entry> read(long afterIndex, long upToIndex, int bytesMax) throws IOException {
    removal.readLock().lock();
    try {
      long first = afterIndex + 1;
      long upTo = Math.min(upToIndex, last().last().index());
      if (first < firstIndex()) {
        throw new NoSuchElementException(
            "entry " + first + " is no longer kept, the log starts at " + firstIndex());
      }
      ReadBatch batch = new ReadBatch(upTo, bytesMax);
      while (first + batch.size() <= upTo && !batch.isFull()) {
        long next = first + batch.size();
        cache.read(next, batch);
        if (first + batch.size() == next && !batch.isFull()) {
          segments.floorEntry(next).getValue().read(next, batch);
        }
      }
      return batch.entries();
    } finally {
      removal.readLock().unlock();
    }
  }

  Optional<LogPosition> position(long index) throws IOException {
    if (index == 0) {
      return Optional.of(LogPosition.START);
    }
    removal.readLock().lock();
    try {
      // The entry before a segment is named in its header, so one index before the log's start is
      // known too.
      if (index > last().last().index() || index + 1 < firstIndex()) {
        return Optional.empty();
      }
      Optional<LogPosition> cached = cache.position(index);
      if (cached.isPresent()) {
        return cached;
      }
      Map.Entry<Long, Segment> holder = segments.floorEntry(index + 1);
      return holder.getValue().position(index);
    } finally {
      removal.readLock().unlock();
    }
  }
}
