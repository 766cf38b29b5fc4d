package chat.client.chaos;

import java.util.ArrayDeque;
import java.util.Deque;

/** Closes things in the opposite order, once, also when the virtual machine is told to end. */
final class Cleanup implements AutoCloseable {
  private final Deque<AutoCloseable> things = new ArrayDeque<>();
  private final Thread exitHook = new Thread(this::closeAll, "clean-up");

  Cleanup() {
    Runtime.getRuntime().addShutdownHook(exitHook);
  }

  synchronized <T extends AutoCloseable> T add(T thing) {
    things.push(thing);
    return thing;
  }

  private synchronized void closeAll() {
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
