package chat.server.runtime;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Who drives the replica: one thread at a time, and what one has written the next one sees. Whoever
 * has something to be done does it there and then if it is a {@link LendingThread}, a few steps at
 * most; a turn of anybody else, and what goes on for longer, is the replica thread's. That thread
 * also takes a turn that has been offered to another and is not taken by the next beat: a network
 * thread that is busy holds nothing up for longer.
 *
 * <p>To wake a thread for each step costs more than most steps do. It is how gRPC's
 * SynchronizationContext runs what is given to it, with a thread of its own for what takes longer.
 *
 * <p>{@link #want} may be called from any thread.
 */
final class Turns {
  private static final long BEAT_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  /** Steps in a row of a thread that lends itself; enough for a command that is alone. */
  private static final int LENT_STEPS_MAX = 3;

  // Of a turn.
  private static final int FREE = 0;
  private static final int OFFERED = 1;
  private static final int TAKEN = 2;

  /** What is done in turns. */
  interface Work {
    /**
     * Does what there is; called at every beat at least. Called again where it stopped halfway.
     *
     * @param lent whether it may stop halfway to let what it has sent get out, which the thread
     *     that it runs on has to do
     * @return false if it has stopped halfway
     */
    boolean step(boolean lent) throws IOException;

    /** Whether there is something to do; asked from any thread that has or had a turn. */
    boolean hasMore();

    /** Whether this was the last step, if there is nothing more. */
    boolean isOver();

    /**
     * No step comes after this. On the replica thread.
     *
     * @param failure what a step threw; null if it is over as it should be
     */
    void ended(@Nullable Throwable failure);
  }

  private final long beatNanos;
  private final Work work;
  private final Thread own;
  private final Runnable lent = this::runLent;

  /** Taken by nobody until it starts. */
  private final AtomicInteger turn = new AtomicInteger(TAKEN);

  private volatile boolean over;
  private volatile @Nullable Throwable failure;

  /**
   * @param name of the thread
   */
  Turns(String name, Work work) {
    this(name, work, BEAT_NANOS);
  }

  Turns(String name, Work work, long beatNanos) {
    this.beatNanos = beatNanos;
    this.work = work;
    this.own = new Thread(this::run, name);
  }

  void start() {
    own.start();
  }

  /** Waits for the end. */
  void join() throws InterruptedException {
    own.join();
  }

  /** There is something to do. */
  void want() {
    if (turn.get() == FREE && turn.compareAndSet(FREE, OFFERED)) {
      offer();
    }
  }

  private void run() {
    free();
    long beat = System.nanoTime();
    // The loop itself runs interpreted for as long as the thread lives: what it does is in methods.
    while (!over) {
      beat = turn(beat);
    }
    work.ended(failure);
  }

  /** When the last beat was. */
  private long turn(long beat) {
    long now = System.nanoTime();
    boolean isDue = now - beat >= beatNanos;
    if (take() || (isDue && turn.compareAndSet(FREE, TAKEN))) {
      runOwn();
    } else if (!isDue) {
      LockSupport.parkNanos(this, beatNanos - (now - beat));
    }
    return isDue ? now : beat;
  }

  private void runOwn() {
    try {
      do {
        work.step(false);
      } while (work.hasMore());
      if (work.isOver()) {
        over = true;
      } else {
        free();
      }
    } catch (IOException | RuntimeException | Error e) {
      fail(e);
    }
  }

  private void runLent() {
    if (!take()) {
      return;
    }
    try {
      for (int i = 0; i < LENT_STEPS_MAX; i++) {
        if (!work.step(true)) {
          turn.set(OFFERED);
          offer();
          return;
        }
        if (work.isOver() || !work.hasMore()) {
          break;
        }
      }
      if (work.isOver() || work.hasMore()) {
        turn.set(OFFERED);
        LockSupport.unpark(own);
      } else {
        free();
      }
    } catch (IOException | RuntimeException | Error e) {
      fail(e);
    }
  }

  private boolean take() {
    return turn.get() == OFFERED && turn.compareAndSet(OFFERED, TAKEN);
  }

  private void offer() {
    boolean isTaken =
        Thread.currentThread() instanceof LendingThread lender && lender.afterwards(lent);
    if (!isTaken) {
      LockSupport.unpark(own);
    }
  }

  private void free() {
    turn.set(FREE);
    // After that: who has added something meanwhile saw a turn that was taken.
    if (work.hasMore()) {
      want();
    }
  }

  /** The turn stays taken. */
  private void fail(Throwable cause) {
    failure = cause;
    over = true;
    LockSupport.unpark(own);
  }
}
