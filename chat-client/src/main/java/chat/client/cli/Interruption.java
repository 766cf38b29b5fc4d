package chat.client.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * What a command still does when it is interrupted (Ctrl-C, SIGTERM): it is told to stop and has a
 * moment to end in order, to say what was done and to write down where to go on.
 */
final class Interruption implements AutoCloseable {
  /** Longer than a failover takes, shorter than a person waits. */
  private static final long PATIENCE_SECONDS = 5;

  private final CountDownLatch ended = new CountDownLatch(1);
  private final Thread hook;

  private Interruption(Runnable stop) {
    this.hook =
        new Thread(
            () -> {
              stop.run();
              awaitEnd();
            },
            "chat-interruption");
  }

  /**
   * From now on until it is closed, the end of this process waits for that.
   *
   * @param stop called on another thread; has the command end soon
   */
  static Interruption watch(Runnable stop) {
    Interruption interruption = new Interruption(stop);
    try {
      Runtime.getRuntime().addShutdownHook(interruption.hook);
    } catch (IllegalStateException e) {
      // The process ends already.
      stop.run();
    }
    return interruption;
  }

  private void awaitEnd() {
    try {
      boolean unused = ended.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    ended.countDown();
    try {
      boolean unused = Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The process ends; the hook goes on now that the command is done.
    }
  }
}
