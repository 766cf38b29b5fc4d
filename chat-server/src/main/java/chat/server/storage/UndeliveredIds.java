package chat.server.storage;

import java.util.Arrays;

/**
 * The ids of an account's undelivered messages, in order: a ring of longs. Bounded by the inbox
 * limit. Thread-safe.
 */
final class UndeliveredIds {
  private long[] ring = new long[4];
  private int first;
  private int size;

  /** Adds an id greater than all before. */
  synchronized void add(long id) {
    if (size == ring.length) {
      long[] grown = new long[size * 2];
      for (int i = 0; i < size; i++) {
        grown[i] = ring[(first + i) % size];
      }
      ring = grown;
      first = 0;
    }
    ring[(first + size) % ring.length] = id;
    size++;
  }

  /** Takes out all ids up to this one. */
  synchronized void dropUpTo(long id) {
    while (size > 0 && ring[first] <= id) {
      first = (first + 1) % ring.length;
      size--;
    }
    if (size == 0 && ring.length > 64) {
      ring = Arrays.copyOf(ring, 4);
      first = 0;
    }
  }

  synchronized int size() {
    return size;
  }

  /** The first ones greater than an id, ascending. */
  synchronized long[] after(long id, int limit) {
    int low = 0;
    int high = size;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (at(middle) <= id) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    long[] found = new long[Math.min(limit, size - low)];
    for (int i = 0; i < found.length; i++) {
      found[i] = at(low + i);
    }
    return found;
  }

  private long at(int place) {
    return ring[(first + place) % ring.length];
  }
}
