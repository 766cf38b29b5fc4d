package chat.server.runtime;

import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * What waits for the replica. Anybody adds; one thread at a time takes, and one ends it in the end:
 * what is still there then, or is added later, is refused by whoever finds it, so that nobody waits
 * for an answer that never comes. Thread-safe.
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

  private final Queue<Input> queue = new ConcurrentLinkedQueue<>();
  private final Runnable added;
  private volatile boolean ended;

  /**
   * @param added done after each addition, by the thread that adds
   */
  Inputs(Runnable added) {
    this.added = added;
  }

  void add(Input input) {
    queue.add(input);
    // After adding: either this thread sees the end, or the one that ended it sees the input.
    if (ended) {
      refuseAll();
    } else {
      added.run();
    }
  }

  boolean isEmpty() {
    return queue.isEmpty();
  }

  /** Moves what is there to {@code batch}. */
  void take(List<Input> batch) {
    Input next = queue.poll();
    while (next != null) {
      batch.add(next);
      next = batch.size() < BATCH_MAX ? queue.poll() : null;
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
