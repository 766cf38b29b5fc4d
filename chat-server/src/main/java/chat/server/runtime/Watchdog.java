package chat.server.runtime;

import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * Ends a server whose replica hangs (R16): others take it for dead only when it is. It counts its
 * own ticks, so time in which the whole process stood still does not count.
 */
public final class Watchdog implements AutoCloseable {
  private static final long TICK_MILLIS = 500;
  private static final int TICKS_MAX = 20;

  private final long tickMillis;
  private final int ticksMax;
  private final LongSupplier rounds;
  private final Consumer<Throwable> fatal;
  private final Thread thread = new Thread(this::run, "watchdog");

  /**
   * @param rounds grows while the watched thread works
   */
  public Watchdog(LongSupplier rounds, Consumer<Throwable> fatal) {
    this(rounds, fatal, TICK_MILLIS, TICKS_MAX);
  }

  /** One that ends the server after {@code ticksMax} ticks without a round. */
  Watchdog(LongSupplier rounds, Consumer<Throwable> fatal, long tickMillis, int ticksMax) {
    this.tickMillis = tickMillis;
    this.ticksMax = ticksMax;
    this.rounds = rounds;
    this.fatal = fatal;
    thread.setDaemon(true);
  }

  public void start() {
    thread.start();
  }

  private void run() {
    long seen = rounds.getAsLong();
    int still = 0;
    while (still < ticksMax) {
      try {
        Thread.sleep(tickMillis);
      } catch (InterruptedException e) {
        return; // closed
      }
      long now = rounds.getAsLong();
      still = now == seen ? still + 1 : 0;
      seen = now;
    }
    fatal.accept(
        new IllegalStateException(
            "the replica has not moved for " + tickMillis * ticksMax + " ms"));
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
