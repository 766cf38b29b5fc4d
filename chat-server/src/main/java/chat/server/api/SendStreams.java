package chat.server.api;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/** How many {@code SendMessages} streams each account has open. Thread-safe. */
final class SendStreams {
  private static final long RETRY_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final int max;
  private final Map<Long, Integer> open = new ConcurrentHashMap<>();

  SendStreams(int max) {
    this.max = max;
  }

  /** The place of one stream. Closing it again does nothing. */
  final class Place implements AutoCloseable {
    private final long accountId;
    private final AtomicBoolean closed = new AtomicBoolean();

    private Place(long accountId) {
      this.accountId = accountId;
    }

    @Override
    public void close() {
      if (closed.compareAndSet(false, true)) {
        open.computeIfPresent(accountId, (id, count) -> count == 1 ? null : count - 1);
      }
    }
  }

  /**
   * Takes a place.
   *
   * @throws RefusedException {@code RATE_LIMITED} if the account has too many
   */
  Place take(long accountId) {
    int count = open.merge(accountId, 1, Integer::sum);
    Place place = new Place(accountId);
    if (count > max) {
      place.close();
      throw OutcomeRefusals.rateLimited(
          "This account has " + max + " streams for sending open", RETRY_NANOS);
    }
    return place;
  }
}
