package chat.client.bench;

import io.grpc.Status;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Executors;
import java.util.concurrent.Phaser;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongFunction;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.Recorder;

/**
 * A fixed number of messages in flight: each slot sends its next message as soon as the last one
 * has its answer, on the thread that brought the answer, so that no hand-over costs what the
 * servers need. As with every closed loop, while the service stands still nothing is sent, and the
 * latencies of what would have been sent are missing (coordinated omission): the longest gap is
 * reported beside them. One run an instance.
 */
final class ClosedLoop {
  private static final long RETRY_MILLIS = 5;
  private static final long DRAIN_SECONDS = 60;

  private final Sending sending;
  private final List<Account> recipients;
  private final Arrivals arrivals;
  private final LongFunction<String> text;
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(Daemon.named("bench-retries"));
  private final Phaser running = new Phaser(1);
  private final Recorder latencies = new Recorder(3);
  private final LongAdder accepted = new LongAdder();
  private final LongAdder acceptedBefore = new LongAdder();
  private final LongAdder failed = new LongAdder();
  private final AtomicLong lastAcceptedNanos = new AtomicLong();
  private final AtomicLong longestGapNanos = new AtomicLong();
  private final FirstFailure failure = new FirstFailure();
  private volatile boolean measuring;
  private volatile long measureFromNanos;
  private volatile boolean stopping;

  /**
   * What came out of the time that was measured.
   *
   * @param latencies in nanoseconds, of what was accepted
   * @param failure the first one
   */
  record Figures(
      double seconds,
      long accepted,
      long failed,
      Histogram latencies,
      long longestGapNanos,
      FirstFailure failure) {
    double acceptedPerSecond() {
      return accepted / seconds;
    }
  }

  /**
   * A loop that is not started yet.
   *
   * @param recipients drawn at random for each message
   * @param arrivals hears of every message that is accepted
   * @param text what to send at a time of {@link System#nanoTime}
   */
  ClosedLoop(
      Sending sending, List<Account> recipients, Arrivals arrivals, LongFunction<String> text) {
    this.sending = sending;
    this.recipients = recipients;
    this.arrivals = arrivals;
    this.text = text;
  }

  /** Has the slots begin; nothing is measured yet. */
  void start(int inFlight) {
    for (int i = 0; i < inFlight; i++) {
      Slot slot = new Slot(i);
      running.register();
      slot.next();
    }
  }

  /** From now on what is sent is measured. */
  void measure() {
    long now = System.nanoTime();
    lastAcceptedNanos.set(now);
    measureFromNanos = now;
    measuring = true;
  }

  /** How many of those that are measured have been accepted so far. */
  long acceptedCount() {
    return accepted.sum();
  }

  /** How many were accepted that are not measured. */
  long acceptedBeforeCount() {
    return acceptedBefore.sum();
  }

  /** Sends no more, and waits for the answers to what was sent. */
  Figures stop() throws InterruptedException {
    double seconds = (System.nanoTime() - measureFromNanos) / 1e9;
    stopping = true;
    try {
      running.awaitAdvanceInterruptibly(running.arrive(), DRAIN_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw new IllegalStateException(
          "Messages are without an answer after " + DRAIN_SECONDS + " s.", e);
    }
    timer.shutdownNow();
    return new Figures(
        seconds,
        accepted.sum(),
        failed.sum(),
        latencies.getIntervalHistogram(),
        longestGapNanos.get(),
        failure);
  }

  /** One message in flight; its fields belong to whoever has its answer. */
  private final class Slot implements Sending.Receipt {
    private final int number;
    private final SplittableRandom random;
    private int recipient;
    private long sentNanos;

    private Slot(int number) {
      this.number = number;
      // The same recipients at every run.
      this.random = new SplittableRandom(number);
    }

    private void next() {
      if (stopping) {
        running.arriveAndDeregister();
        return;
      }
      recipient = random.nextInt(recipients.size());
      sentNanos = System.nanoTime();
      sending.send(number, recipients.get(recipient).name(), text.apply(sentNanos), this);
    }

    @Override
    public void accepted(long messageId) {
      long now = System.nanoTime();
      if (measuring && sentNanos - measureFromNanos >= 0) {
        accepted.increment();
        latencies.recordValue(now - sentNanos);
        long gap = now - lastAcceptedNanos.getAndSet(now);
        if (gap > longestGapNanos.get()) {
          longestGapNanos.accumulateAndGet(gap, Math::max);
        }
      } else {
        acceptedBefore.increment();
      }
      arrivals.arrived(recipient, messageId);
      next();
    }

    @Override
    public void failed(Status status) {
      failed.increment();
      failure.note(status);
      // Not at once: a service that refuses would be asked as fast as the loop can turn.
      var unused = timer.schedule(this::next, RETRY_MILLIS, TimeUnit.MILLISECONDS);
    }
  }
}
