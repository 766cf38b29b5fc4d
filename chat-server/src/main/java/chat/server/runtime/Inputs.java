package chat.server.runtime;

import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * What waits for the replica thread. Anybody adds; one thread takes, and ends it in the end: what
 * is still there then, or is added later, is refused by whoever finds it, so that nobody waits for
 * an answer that never comes. Thread-safe.
 */
final class Inputs {
  private static final int BATCH_MAX = 4096;

  /** One thing to do. */
  interface Input {
    /**
     * Does it, on the thread that takes.
     *
     * @param now {@link System#nanoTime}
     */
    void handle(long now);

    /** Tells whoever waits for it that it will not be done, on any thread; must not block. */
    default void refuse() {}
  }

  private final LinkedBlockingQueue<Input> queue = new LinkedBlockingQueue<>();
  private volatile boolean ended;

  void add(Input input) {
    queue.add(input);
    // After adding: either this thread sees the end, or the one that ended it sees the input.
    if (ended) {
      refuseAll();
    }
  }

  boolean isEmpty() {
    return queue.isEmpty();
  }

  /** Moves what is there to {@code batch}, having waited for the first for so long at most. */
  void take(List<Input> batch, long waitMillis) throws InterruptedException {
    Input first = queue.poll(waitMillis, TimeUnit.MILLISECONDS);
    if (first != null) {
      batch.add(first);
      queue.drainTo(batch, BATCH_MAX - 1);
    }
  }

  /** Takes no more: from now on everything is refused. */
  void end() {
    ended = true;
    refuseAll();
  }

  private void refuseAll() {
    for (Input left = queue.poll(); left != null; left = queue.poll()) {
      left.refuse();
    }
  }
}
