package chat.client.chaos;

import java.util.ArrayDeque;
import java.util.Deque;

/** Closes things in the opposite order, once, also when the virtual machine is told to end. */
final class Cleanup implements AutoCloseable {
  private final Deque<AutoCloseable> things = new ArrayDeque<>();
  private final Thread exitHook = new Thread(this::closeAll, "clean-up");
  private boolean closed;

  Cleanup() {
    Runtime.getRuntime().addShutdownHook(exitHook);
  }

  /** Takes charge of a thing; closes it at once if everything has been closed already. */
  synchronized <T extends AutoCloseable> T add(T thing) {
    things.push(thing);
    if (closed) {
      closeAll();
      throw new IllegalStateException("The run was ended.");
    }
    return thing;
  }

  private synchronized void closeAll() {
    closed = true;
    while (!things.isEmpty()) {
      AutoCloseable thing = things.pop();
      try {
        thing.close();
      } catch (Exception e) {
        System.err.println("Could not clean up " + thing + ": " + e);
      }
    }
  }

  @Override
  public void close() {
    closeAll();
    try {
      Runtime.getRuntime().removeShutdownHook(exitHook);
    } catch (IllegalStateException e) {
      // The virtual machine exits: the hook runs already and finds nothing left to do.
    }
  }
}
