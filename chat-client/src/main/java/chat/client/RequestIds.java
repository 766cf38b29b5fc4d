package chat.client;

import java.security.SecureRandom;
import java.time.Clock;
import java.util.Random;
import java.util.UUID;

/**
 * Makes request ids: UUIDs of version 7 (RFC 9562, method 1 of section 6.2: a counter in the 12
 * bits after the milliseconds), so that the service can tell how old one is. Each is greater than
 * the one before, also when the clock goes back. Thread-safe.
 */
public final class RequestIds {
  private static final int COUNTER_LIMIT = 1 << 12;

  private final Clock clock;
  private final Random random;
  private long lastMillis;
  private int counter;

  /** Ids by the system's clock. */
  public RequestIds() {
    this(Clock.systemUTC(), new SecureRandom());
  }

  RequestIds(Clock clock, Random random) {
    this.clock = clock;
    this.random = random;
  }

  /** The next id, 36 characters. */
  public String next() {
    return nextUuid().toString();
  }

  synchronized UUID nextUuid() {
    long now = clock.millis();
    if (now > lastMillis) {
      startMillisecond(now);
    } else if (++counter == COUNTER_LIMIT) {
      // Borrowed from the future: more than two thousand ids within a millisecond.
      startMillisecond(lastMillis + 1);
    }
    long high = (lastMillis << 16) | 0x7000L | counter;
    long low = (random.nextLong() & 0x3FFF_FFFF_FFFF_FFFFL) | 0x8000_0000_0000_0000L;
    return new UUID(high, low);
  }

  private void startMillisecond(long millis) {
    lastMillis = millis;
    // Half of the range stays free to count up in.
    counter = random.nextInt(COUNTER_LIMIT / 2);
  }
}
