package chat.server.runtime;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A network thread without a network: does what it is given, then what it has lent itself to. */
final class Lender extends Thread implements LendingThread {
  private final BlockingQueue<Runnable> given = new LinkedBlockingQueue<>();
  private final Queue<Runnable> lent = new ArrayDeque<>();
  private volatile boolean ended;

  Lender(String name) {
    super(name);
    start();
  }

  void execute(Runnable work) {
    given.add(work);
  }

  @Override
  public boolean afterwards(Runnable work) {
    if (Thread.currentThread() != this) {
      throw new AssertionError("asked by " + Thread.currentThread());
    }
    return !ended && lent.add(work);
  }

  @Override
  public void run() {
    try {
      while (!ended || !given.isEmpty()) {
        Runnable next = given.poll(1, TimeUnit.MILLISECONDS);
        if (next != null) {
          next.run();
        }
        while (!lent.isEmpty()) {
          lent.remove().run();
        }
      }
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** Does what it has been given, takes nothing more, and ends. */
  void end() throws InterruptedException {
    ended = true;
    join();
  }
}
