package chat.server.api;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs tasks one after the other, in order, on the threads of another executor. Thread-safe; what
 * only its tasks touch needs no lock.
 */
final class SerialExecutor implements Executor {
  private static final Logger log = LoggerFactory.getLogger(SerialExecutor.class);

  private static final int TASKS_PER_RUN = 16;

  private final Executor threads;
  private final int tasksPerRun;
  private final Queue<Runnable> tasks = new ArrayDeque<>();
  private boolean running;

  SerialExecutor(Executor threads) {
    this(threads, TASKS_PER_RUN);
  }

  private SerialExecutor(Executor threads, int tasksPerRun) {
    this.threads = threads;
    this.tasksPerRun = tasksPerRun;
  }

  /** Runs tasks on the threads that bring them: for tasks that are short and never wait. */
  static SerialExecutor onCallersThreads() {
    // All that is queued in one run: the next run would be a call within this one.
    return new SerialExecutor(Runnable::run, Integer.MAX_VALUE);
  }

  /** Queues a task. A task is dropped only when the threads beneath have been shut down. */
  @Override
  public void execute(Runnable task) {
    synchronized (tasks) {
      tasks.add(task);
      if (running) {
        return;
      }
      running = true;
    }
    submit();
  }

  private void submit() {
    try {
      threads.execute(this::runSome);
    } catch (RejectedExecutionException e) {
      synchronized (tasks) {
        running = false;
        tasks.clear();
      }
      // The server has stopped, its calls are cancelled: there is nobody to answer any more.
      log.debug("Dropped a task after shutdown", e);
    }
  }

  private void runSome() {
    for (int i = 0; i < tasksPerRun; i++) {
      Runnable task = poll();
      if (task == null) {
        return;
      }
      try {
        task.run();
      } catch (RuntimeException e) {
        log.error("A task failed; the next ones run all the same", e);
      }
    }
    // Others want the thread too.
    submit();
  }

  private @Nullable Runnable poll() {
    synchronized (tasks) {
      Runnable task = tasks.poll();
      running = task != null;
      return task;
    }
  }
}
