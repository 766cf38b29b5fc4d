package chat.server.log;

import java.util.Arrays;

/** Where some of a segment's entries begin: about one every 16 KiB. Thread-safe. */
final class SparseIndex {
  private static final long SPACING_BYTES = 16 << 10;

  private long[] indexes = new long[16];
  private long[] offsets = new long[16];
  private int count;

  /** Offers an entry, later than all before it; kept if it is far enough from the last one. */
  synchronized void offer(long index, long offset) {
    if (count > 0 && offset - offsets[count - 1] < SPACING_BYTES) {
      return;
    }
    if (count == indexes.length) {
      indexes = Arrays.copyOf(indexes, count * 2);
      offsets = Arrays.copyOf(offsets, count * 2);
    }
    indexes[count] = index;
    offsets[count] = offset;
    count++;
  }

  /** Where to start looking for the entry at {@code index}. */
  synchronized long offsetFor(long index) {
    int at = Arrays.binarySearch(indexes, 0, count, index);
    int floor = at >= 0 ? at : -at - 2;
    return floor < 0 ? SegmentHeader.BYTES : offsets[floor];
  }

  synchronized void truncateAfter(long index) {
    while (count > 0 && indexes[count - 1] > index) {
      count--;
    }
  }
}
