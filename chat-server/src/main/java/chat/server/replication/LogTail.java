package chat.server.replication;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The end of the log, in memory: everything after the commit index of the last time that all was on
 * disk, and what {@link Ready} still has to write. What lies below is committed, equal everywhere,
 * and read from the disk by those who serve it. Confined to whoever drives the replica.
 */
final class LogTail {
  /** What an entry costs on its way beside its payload, about. */
  private static final int ENTRY_OVERHEAD_BYTES = 32;

  private LogPosition floor;
  private long committedIndex;
  private final ArrayList<Entry> entries;
  private long writtenIndex;
  private long durableIndex;
  private long truncateAfter = -1;

  /**
   * @param floor the position of the commit index
   * @param tail what the disk holds after it
   */
  LogTail(LogPosition floor, List<Entry> tail) {
    this.floor = floor;
    this.committedIndex = floor.index();
    this.entries = new ArrayList<>(tail);
    this.writtenIndex = last().index();
    this.durableIndex = writtenIndex;
  }

  LogPosition floor() {
    return floor;
  }

  LogPosition last() {
    return entries.isEmpty() ? floor : entries.get(entries.size() - 1).position();
  }

  /** The end of what is on this server's disk. */
  LogPosition durable() {
    LogPosition position = position(durableIndex);
    if (position == null) {
      throw new InvariantViolation("durable " + durableIndex + " is outside " + this);
    }
    return position;
  }

  /** The position at an index, or null below the floor and beyond the end. */
  @Nullable LogPosition position(long index) {
    if (index == floor.index()) {
      return floor;
    }
    long offset = index - floor.index() - 1;
    return offset < 0 || offset >= entries.size() ? null : entries.get((int) offset).position();
  }

  /**
   * Where a view began: the last position of an older epoch; null if entries of the view are
   * committed, for then all its members have installed it.
   */
  @Nullable LogPosition beginOf(Epoch view) {
    if (floor.epoch().compareTo(view) >= 0) {
      return null;
    }
    LogPosition begin = floor;
    for (Entry e : entries) {
      if (e.epoch().compareTo(view) >= 0) {
        break;
      }
      begin = e.position();
    }
    return begin;
  }

  /** Entries after an index that is at or above the floor, up to about {@code bytesMax}. */
  List<Entry> after(long index, int bytesMax) {
    int from = (int) (index - floor.index());
    int to = from;
    for (long bytes = 0; to < entries.size() && bytes < bytesMax; to++) {
      bytes += entries.get(to).payload().length + ENTRY_OVERHEAD_BYTES;
    }
    return List.copyOf(entries.subList(from, to));
  }

  /** Appends a command of this server's own. */
  LogPosition append(Epoch epoch, byte[] payload) {
    Entry entry = Entry.following(last(), epoch, payload);
    entries.add(entry);
    return entry.position();
  }

  /**
   * Takes over another server's entries: keeps what is equal, cuts off at the first that differs.
   * Those that are committed here are equal everywhere, and passed over.
   *
   * @param after a position that this log has, or had before it was committed
   * @return the position of the last of them, or {@code after} or the floor if that is further;
   *     null if they do not follow {@code after} or are not what is committed here: then nothing
   *     was changed
   */
  @Nullable LogPosition takeOver(LogPosition after, List<Entry> others) {
    LogPosition previous = after;
    if (after.index() >= floor.index() && !after.equals(position(after.index()))) {
      return null;
    }
    for (Entry e : others) {
      boolean isKnown = e.index() >= floor.index() && e.index() <= committedIndex;
      if (!e.follows(previous) || (isKnown && !e.position().equals(position(e.index())))) {
        return null;
      }
      previous = e.position();
    }
    for (Entry e : others) {
      if (e.index() > floor.index()) {
        LogPosition mine = position(e.index());
        if (!e.position().equals(mine)) {
          if (mine != null) {
            truncateAfter(e.index() - 1);
          }
          entries.add(e);
        }
      }
    }
    return previous.index() < floor.index() ? floor : previous;
  }

  /**
   * Everything up to an index of this log is committed: it is neither cut nor replaced any more.
   */
  void commit(long index) {
    committedIndex = Math.max(committedIndex, index);
  }

  /** Cuts off what follows an index; committed entries are never cut. */
  void truncateAfter(long index) {
    if (index >= last().index()) {
      return;
    }
    if (index < committedIndex) {
      throw new InvariantViolation(
          "truncating after " + index + " what is committed up to " + committedIndex);
    }
    entries.subList((int) (index - floor.index()), entries.size()).clear();
    if (index < writtenIndex) {
      truncateAfter = truncateAfter < 0 ? index : Math.min(truncateAfter, index);
      writtenIndex = index;
      durableIndex = Math.min(durableIndex, index);
    }
  }

  /** Forgets what is committed and written. */
  void trim() {
    long upTo = Math.min(committedIndex, durableIndex);
    LogPosition next = position(upTo);
    if (next == null || upTo == floor.index()) {
      return;
    }
    entries.subList(0, (int) (upTo - floor.index())).clear();
    floor = next;
  }

  /** Where {@link Ready} must truncate the disk's log, or -1. */
  long takeTruncation() {
    long index = truncateAfter;
    truncateAfter = -1;
    return index;
  }

  /** What {@link Ready} must append to the disk's log. */
  List<Entry> takeUnwritten() {
    List<Entry> unwritten =
        List.copyOf(entries.subList((int) (writtenIndex - floor.index()), entries.size()));
    writtenIndex = last().index();
    return unwritten;
  }

  boolean hasUnwritten() {
    return truncateAfter >= 0 || writtenIndex < last().index();
  }

  /** What was taken is on disk. */
  void persisted() {
    durableIndex = writtenIndex;
  }

  @Override
  public String toString() {
    return "log " + floor + " to " + last() + ", durable to " + durableIndex;
  }
}
