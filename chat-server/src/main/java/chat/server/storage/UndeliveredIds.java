package chat.server.storage;

import java.util.Arrays;

/**
 * The ids of an account's undelivered messages, in order: a ring of longs. Bounded by the inbox
 * limit. Not thread-safe.
 */
final class UndeliveredIds {
  private long[] ring = new long[4];
  private int first;
  private int size;

  /** Adds an id greater than all before. */
  void add(long id) {
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
  void dropUpTo(long id) {
    while (size > 0 && ring[first] <= id) {
      first = (first + 1) % ring.length;
      size--;
    }
    if (size == 0 && ring.length > 64) {
      ring = Arrays.copyOf(ring, 4);
      first = 0;
    }
  }

  int size() {
    return size;
  }
}
