package chat.client.cli;

import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Standard input, read ahead on a thread of its own: whoever waits for a line can do something else
 * meanwhile.
 */
final class LineSource {
  private static final int AHEAD = 1024;

  private sealed interface Item {}

  private record Line(String text) implements Item {}

  private record End(@Nullable CommandFailure failure) implements Item {}

  private final BlockingQueue<Item> queue = new ArrayBlockingQueue<>(AHEAD);
  private volatile boolean ended;

  LineSource(Surroundings surroundings, Runnable arrived) {
    Thread reader = new Thread(() -> read(surroundings, arrived), "chat-standard-input");
    // It may sit in a read for ever; that must not keep the process.
    reader.setDaemon(true);
    reader.start();
  }

  private void read(Surroundings surroundings, Runnable arrived) {
    try {
      Item item;
      do {
        item = next(surroundings);
        if (!queue.offer(item)) {
          queue.put(item);
        }
        arrived.run();
      } while (item instanceof Line);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static Item next(Surroundings surroundings) {
    try {
      String line = surroundings.readLine();
      return line == null ? new End(null) : new Line(line);
    } catch (CommandFailure e) {
      return new End(e);
    }
  }

  /** The next line if there is one now; see {@link #isEnded}. */
  @Nullable String poll() {
    return taken(queue.poll());
  }

  /** The next line, waited for; null at the end. */
  @Nullable String take() throws InterruptedException {
    Item item = null;
    while (item == null && !ended) {
      item = queue.poll(1, TimeUnit.SECONDS);
    }
    return taken(item);
  }

  private @Nullable String taken(@Nullable Item item) {
    if (item instanceof End end) {
      ended = true;
      if (end.failure() != null) {
        throw end.failure();
      }
      return null;
    }
    return item instanceof Line line ? line.text() : null;
  }

  /** Whether there will be no line any more. */
  boolean isEnded() {
    return ended;
  }
}
