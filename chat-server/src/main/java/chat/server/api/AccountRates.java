package chat.server.api;

import java.util.concurrent.TimeUnit;

/**
 * How often each account may write, decided before anything is appended: in this primary's memory,
 * for the same reasons as in {@link LoginThrottle}. Thread-safe.
 */
final class AccountRates {
  /** What an account may do beside for each message: whoever hears many acknowledges much. */
  private static final int OTHER_FACTOR = 10;

  private final KeyedRate<Long> messages;
  private final KeyedRate<Long> others;

  AccountRates(Throttling rates) {
    messages = new KeyedRate<>(rates.messagesPerSecond(), TimeUnit.SECONDS, rates.messagesBurst());
    others =
        new KeyedRate<>(
            times(rates.messagesPerSecond()), TimeUnit.SECONDS, times(rates.messagesBurst()));
  }

  private static int times(int count) {
    return (int) Math.min(Integer.MAX_VALUE, (long) OTHER_FACTOR * count);
  }

  /**
   * Counts a message.
   *
   * @throws RefusedException {@code RATE_LIMITED}
   */
  void message(long accountId) {
    check(messages.take(accountId, System.nanoTime()), "This account sends too fast");
  }

  /**
   * Counts an acknowledgement, or a stream that is opened.
   *
   * @throws RefusedException {@code RATE_LIMITED}
   */
  void other(long accountId) {
    check(others.take(accountId, System.nanoTime()), "This account writes too fast");
  }

  private static void check(long waitNanos, String what) {
    if (waitNanos > 0) {
      throw OutcomeRefusals.rateLimited(what, waitNanos);
    }
  }
}
