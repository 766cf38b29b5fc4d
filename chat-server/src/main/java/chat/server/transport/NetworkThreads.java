package chat.server.transport;

import chat.server.runtime.LendingThread;
import io.grpc.netty.shaded.io.netty.util.concurrent.DefaultThreadFactory;
import io.grpc.netty.shaded.io.netty.util.concurrent.EventExecutor;
import io.grpc.netty.shaded.io.netty.util.concurrent.EventExecutorGroup;
import io.grpc.netty.shaded.io.netty.util.concurrent.FastThreadLocalThread;
import org.jspecify.annotations.Nullable;

/** Makes network threads that lend themselves to the replica. */
final class NetworkThreads extends DefaultThreadFactory {
  private volatile @Nullable EventExecutorGroup loops;

  NetworkThreads(String name) {
    super(name, true);
  }

  /** Says whose threads are made; before that they lend themselves to nobody. */
  void serve(EventExecutorGroup group) {
    loops = group;
  }

  @Override
  protected Thread newThread(Runnable r, String name) {
    return new NetworkThread(threadGroup, r, name);
  }

  private final class NetworkThread extends FastThreadLocalThread implements LendingThread {
    /** This thread's own. */
    private @Nullable EventExecutor loop;

    NetworkThread(ThreadGroup group, Runnable target, String name) {
      super(group, target, name);
    }

    @Override
    public boolean afterwards(Runnable work) {
      EventExecutor mine = loop();
      if (mine == null || mine.isShuttingDown()) {
        return false;
      }
      // Behind the flush of what it has been given to send.
      mine.execute(work);
      return true;
    }

    private @Nullable EventExecutor loop() {
      EventExecutorGroup all = loops;
      if (loop == null && all != null) {
        for (EventExecutor each : all) {
          loop = each.inEventLoop(this) ? each : loop;
        }
      }
      return loop;
    }
  }
}
