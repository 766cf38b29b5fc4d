package chat.client;

import java.time.Duration;

/** Pauses that double from a least to a greatest. Not thread-safe. */
final class Backoff {
  private final Duration least;
  private final Duration greatest;
  private Duration current;

  Backoff(Duration least, Duration greatest) {
    this.least = least;
    this.greatest = greatest;
    this.current = least;
  }

  Duration next() {
    Duration pause = current;
    Duration longer = current.multipliedBy(2);
    current = longer.compareTo(greatest) > 0 ? greatest : longer;
    return pause;
  }

  void reset() {
    current = least;
  }
}
