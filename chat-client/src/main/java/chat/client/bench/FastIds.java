package chat.client.bench;

import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Request ids as the library makes them, UUIDs of version 7, without a lock and without a secure
 * random generator: made ten thousands of times a second beside the servers. Thread-safe.
 */
final class FastIds {
  private final AtomicInteger counter = new AtomicInteger();
  private final long salt = (ThreadLocalRandom.current().nextLong() << 32) & 0x3FFF_FFFF_0000_0000L;

  String next() {
    int count = counter.getAndIncrement();
    long high = (System.currentTimeMillis() << 16) | 0x7000L | (count & 0xFFF);
    long low = 0x8000_0000_0000_0000L | salt | (count & 0xFFFF_FFFFL);
    return new UUID(high, low).toString();
  }
}
