package chat.server.runtime;

import chat.server.chat.Outcome;
import chat.server.replication.Entry;
import chat.server.replication.LogPosition;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The apply thread: takes what is committed from the log to the state, in order and in batches, and
 * tells those who wait. Beside it another thread has the database follow, which nobody waits for.
 * All methods may be called from any thread.
 */
public final class Applier implements AutoCloseable {
  private static final int BATCH_BYTES = 1 << 20;

  /** A transaction costs as much as some twenty rows of it. */
  private static final long WRITE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  /**
   * The first one comes later, unless somebody serves: what the log has beyond the database after a
   * crash waits for no database, and what that takes, a start of all servers needs for itself.
   */
  private static final long FIRST_WRITE_NANOS = TimeUnit.SECONDS.toNanos(3);

  /**
   * While nobody here waits for an outcome or a read, as on a backup, what is committed is gathered
   * this long: waking a thread for each message costs more than applying it. Short beside a
   * take-over, which has to apply what was gathered.
   */
  private static final long GATHER_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  /** Told of everything applied, in log order, by the apply thread; must not block. */
  public interface Listener {
    void applied(AppliedState.Applied applied);
  }

  private record Waiter(LogPosition position, CompletableFuture<Outcome> outcome) {}

  private record Reader(long index, CompletableFuture<Void> ready) {}

  private final long gatherNanos;
  private final long firstWriteNanos;
  private final AppliedState state;
  private final ReplicatedLog log;
  private final Consumer<Throwable> fatal;
  private final Thread thread = new Thread(this::run, "apply");
  private final Thread writer = new Thread(this::write, "database");
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Condition rested = lock.newCondition();

  /** In the order of their positions. */
  private final ArrayDeque<Waiter> waiters = new ArrayDeque<>();

  private final PriorityQueue<Reader> readers =
      new PriorityQueue<>(Comparator.comparingLong(Reader::index));
  private long committedIndex;
  private boolean stopping;
  private boolean somebodyServes;

  /** Whether the apply thread waits for more to come, not for anything at all. */
  private boolean gathering;

  private @Nullable Listener listener;
  private volatile long appliedIndex;
  private volatile int expected;

  /**
   * @param fatal gets what ends one of the threads before its time: an IOException if the log
   *     cannot be read, else what the state threw. The server must stop
   */
  public Applier(AppliedState state, ReplicatedLog log, Consumer<Throwable> fatal) {
    this(state, log, fatal, GATHER_NANOS, FIRST_WRITE_NANOS);
  }

  Applier(
      AppliedState state,
      ReplicatedLog log,
      Consumer<Throwable> fatal,
      long gatherNanos,
      long firstWriteNanos) {
    this.gatherNanos = gatherNanos;
    this.firstWriteNanos = firstWriteNanos;
    this.state = state;
    this.log = log;
    this.fatal = fatal;
    this.appliedIndex = state.position().index();
  }

  /** Begins to apply. */
  public void start(Listener told) {
    listener = told;
    thread.start();
    writer.start();
  }

  public long appliedIndex() {
    return appliedIndex;
  }

  /** Whether nobody would miss what is applied. */
  boolean isEmpty() {
    return state.isEmpty();
  }

  /** {@link AppliedState#safeIndex}. */
  long safeIndex() {
    return state.safeIndex();
  }

  /** The database need not hold back any more; nothing if that was said before. */
  public void somebodyServes() {
    lock.lock();
    try {
      if (!somebodyServes) {
        somebodyServes = true;
        rested.signal();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Everything up to here may be applied. */
  void commit(long index) {
    lock.lock();
    try {
      if (index > committedIndex) {
        committedIndex = index;
        if (!gathering || isAwaited()) {
          changed.signal();
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /** Completes {@code outcome} when the entry at this position is applied. */
  void expect(LogPosition position, CompletableFuture<Outcome> outcome) {
    List<Waiter> overtaken = List.of();
    lock.lock();
    try {
      if (!waiters.isEmpty() && waiters.getLast().position().index() >= position.index()) {
        overtaken = takeFrom(position.index());
      }
      waiters.add(new Waiter(position, outcome));
      expected = waiters.size();
    } finally {
      lock.unlock();
    }
    overtaken.forEach(Applier::unknown);
  }

  /** The log was cut before what they wait for. */
  private List<Waiter> takeFrom(long index) {
    List<Waiter> taken = new ArrayList<>();
    while (!waiters.isEmpty() && waiters.getLast().position().index() >= index) {
      taken.add(waiters.removeLast());
    }
    return taken;
  }

  private static void unknown(Waiter waiter) {
    waiter
        .outcome()
        .completeExceptionally(new ProposalException(ProposalException.Reason.OUTCOME_UNKNOWN));
  }

  /** How many outcomes are waited for. */
  int expected() {
    return expected;
  }

  /** Completes {@code ready} when everything up to {@code index} is applied. */
  void whenApplied(long index, CompletableFuture<Void> ready) {
    lock.lock();
    try {
      if (index > appliedIndex) {
        readers.add(new Reader(index, ready));
        changed.signal();
        return;
      }
    } finally {
      lock.unlock();
    }
    ready.complete(null);
  }

  /** This server is primary no longer: what is not applied yet has an unknown outcome. */
  void abandon() {
    List<Waiter> abandoned;
    lock.lock();
    try {
      abandoned = new ArrayList<>(waiters);
      waiters.clear();
      expected = 0;
    } finally {
      lock.unlock();
    }
    abandoned.forEach(Applier::unknown);
  }

  private void run() {
    try {
      long target = awaitCommitted(0);
      while (target >= 0) {
        apply(log.read(appliedIndex, target, BATCH_BYTES));
        target = awaitCommitted(target);
      }
    } catch (IOException | RuntimeException | Error e) {
      fatal.accept(e);
    }
  }

  /**
   * The commit index, when there is something to apply; -1 when it is time to stop.
   *
   * @param before what this returned last
   */
  private long awaitCommitted(long before) {
    lock.lock();
    try {
      if (appliedIndex >= before) {
        gather();
      }
      while (!stopping && committedIndex <= appliedIndex) {
        // Nobody interrupts this thread: H2 closes a database whose thread is interrupted.
        changed.awaitUninterruptibly();
      }
      return stopping ? -1 : committedIndex;
    } finally {
      lock.unlock();
    }
  }

  private void gather() {
    gathering = true;
    try {
      long left = gatherNanos;
      while (left > 0 && !stopping && !(isAwaited() && committedIndex > appliedIndex)) {
        left = changed.awaitNanos(left);
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException("the apply thread was interrupted", e);
    } finally {
      gathering = false;
    }
  }

  private boolean isAwaited() {
    return !waiters.isEmpty() || !readers.isEmpty();
  }

  private void write() {
    try {
      boolean goesOn = rest(firstWriteNanos, true);
      while (goesOn) {
        state.write();
        state.checkpointIfDue();
        goesOn = rest(WRITE_NANOS, false);
      }
    } catch (RuntimeException | Error e) {
      fatal.accept(e);
    }
  }

  /** Whether to go on, after a while. */
  private boolean rest(long nanos, boolean untilSomebodyServes) {
    lock.lock();
    try {
      long left = nanos;
      while (!stopping && left > 0 && !(untilSomebodyServes && somebodyServes)) {
        left = rested.awaitNanos(left);
      }
      return !stopping;
    } catch (InterruptedException e) {
      throw new IllegalStateException("the database's thread was interrupted", e);
    } finally {
      lock.unlock();
    }
  }

  private void apply(List<Entry> entries) {
    List<AppliedState.Applied> results = state.apply(entries);
    List<@Nullable Waiter> due = new ArrayList<>(results.size());
    List<Reader> ready = new ArrayList<>();
    lock.lock();
    try {
      appliedIndex = state.position().index();
      for (AppliedState.Applied a : results) {
        boolean isDue =
            !waiters.isEmpty() && waiters.getFirst().position().index() <= a.position().index();
        due.add(isDue ? waiters.removeFirst() : null);
      }
      expected = waiters.size();
      while (!readers.isEmpty() && readers.element().index() <= appliedIndex) {
        ready.add(readers.remove());
      }
    } finally {
      lock.unlock();
    }
    Listener told = Objects.requireNonNull(listener);
    for (int i = 0; i < results.size(); i++) {
      AppliedState.Applied a = results.get(i);
      told.applied(a);
      Waiter waiter = due.get(i);
      if (waiter != null && waiter.position().equals(a.position())) {
        waiter.outcome().complete(a.outcome());
      } else if (waiter != null) {
        // Another view put something else there.
        unknown(waiter);
      }
    }
    for (Reader reader : ready) {
      reader.ready().complete(null);
    }
  }

  /** Stops applying; the state is left to its owner to close. Waits for the batch under way. */
  @Override
  public void close() {
    lock.lock();
    try {
      stopping = true;
      changed.signal();
      rested.signal();
    } finally {
      lock.unlock();
    }
    try {
      thread.join();
      writer.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    abandon();
    List<Reader> left;
    lock.lock();
    try {
      left = new ArrayList<>(readers);
      readers.clear();
    } finally {
      lock.unlock();
    }
    for (Reader reader : left) {
      reader
          .ready()
          .completeExceptionally(new ProposalException(ProposalException.Reason.STOPPING));
    }
  }
}
