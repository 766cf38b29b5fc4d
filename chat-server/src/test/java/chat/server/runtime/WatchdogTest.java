package chat.server.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class WatchdogTest {
  private static final int TICKS = 5;

  private final CompletableFuture<Throwable> fatal = new CompletableFuture<>();
  private final AtomicInteger asked = new AtomicInteger();

  @Test
  void aThreadThatStandsStillForAllTicksEndsTheServer() throws Exception {
    // It works for twenty ticks, then no more.
    try (Watchdog watchdog =
        new Watchdog(() -> Math.min(20, asked.incrementAndGet()), fatal::complete, 1, TICKS)) {
      watchdog.start();
      assertThat(fatal.get(60, TimeUnit.SECONDS)).hasMessageContaining("has not moved for 5 ms");
      assertThat(asked).hasValue(20 + TICKS);
    }
  }

  @Test
  void aThreadThatMovesOnceInAWhileLives() throws Exception {
    CountDownLatch enough = new CountDownLatch(100);
    // Always one tick less than is too many.
    try (Watchdog watchdog =
        new Watchdog(
            () -> {
              enough.countDown();
              return asked.incrementAndGet() / TICKS;
            },
            fatal::complete,
            1,
            TICKS)) {
      watchdog.start();
      assertThat(enough.await(60, TimeUnit.SECONDS)).isTrue();
      assertThat(fatal).isNotDone();
    }
  }
}
