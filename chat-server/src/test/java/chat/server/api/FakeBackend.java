package chat.server.api;

import chat.server.chat.ChatStateMachine;
import chat.server.chat.Command;
import chat.server.chat.MemoryTables;
import chat.server.chat.Outcome;
import chat.server.chat.StoredMessage;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** A cluster of one in memory: the real rules, applied in order by one thread. Thread-safe. */
final class FakeBackend implements ChatBackend, AutoCloseable {
  /** Takes what has been applied, like the composition root does. */
  interface Listener {
    void onApplied(long index, Command command, Outcome outcome);
  }

  final MemoryTables tables = new MemoryTables();
  final List<Command> applied = new CopyOnWriteArrayList<>();
  private final ChatStateMachine rules = new ChatStateMachine(tables);
  private final ExecutorService applyThread = Executors.newSingleThreadExecutor();
  private final ScheduledExecutorService pacer = Executors.newSingleThreadScheduledExecutor();
  private final AtomicLong unkept = new AtomicLong(1L << 40);
  private final AtomicLong clockAheadMicros = new AtomicLong();
  private long index;
  private volatile @Nullable Listener listener;
  private volatile @Nullable BackendException refusal;
  private volatile @Nullable BackendException failure;
  private final AtomicReference<@Nullable BackendException> failureOnce = new AtomicReference<>();
  private final List<CompletableFuture<Outcome>> heldAnswers = new CopyOnWriteArrayList<>();
  private final List<Runnable> heldTurns = new CopyOnWriteArrayList<>();
  private volatile Predicate<Command> held = command -> false;

  /** Messages that are carried out at a rate, as by a disk that can do no more; null if at once. */
  private volatile @Nullable BlockingQueue<Runnable> paced;

  /** From now on so many messages a second are accepted, without being kept. */
  void pace(int perSecond) {
    BlockingQueue<Runnable> queue = new LinkedBlockingQueue<>();
    paced = queue;
    var unused =
        pacer.scheduleAtFixedRate(
            () -> {
              for (int i = 0; i < perSecond / 100; i++) {
                Runnable next = queue.poll();
                if (next != null) {
                  next.run();
                }
              }
            },
            10,
            10,
            TimeUnit.MILLISECONDS);
  }

  void listener(Listener value) {
    listener = value;
  }

  /** Refuses everything, as a server does that is not primary. */
  void refuse(@Nullable BackendException reason) {
    refusal = reason;
  }

  /** Fails proposals that have passed the first check. */
  void fail(@Nullable BackendException reason) {
    failure = reason;
  }

  /** Neither applies nor answers such commands. */
  void hold(Predicate<Command> condition) {
    held = condition;
  }

  int heldCount() {
    return heldAnswers.size();
  }

  /** Answers what is held as unknown, and holds no more. */
  void releaseHeld() {
    held = command -> false;
    heldAnswers.forEach(a -> a.completeExceptionally(new BackendException.OutcomeUnknown()));
  }

  /** Refuses the first that is held; then the others have their turn, as after a change of view. */
  void refuseFirstHeld(BackendException reason) {
    held = command -> false;
    var unused =
        CompletableFuture.runAsync(
            () -> {
              heldAnswers.get(0).completeExceptionally(reason);
              heldTurns.subList(1, heldTurns.size()).forEach(Runnable::run);
            },
            applyThread);
  }

  /** Fails the next proposal only. */
  void failOnce(BackendException reason) {
    failureOnce.set(reason);
  }

  void advanceMicros(long micros) {
    clockAheadMicros.addAndGet(micros);
  }

  @Override
  public CompletableFuture<Outcome> propose(Command command, BooleanSupplier wanted) {
    BackendException once = failureOnce.getAndSet(null);
    BackendException reason = once != null ? once : refusal == null ? failure : refusal;
    if (reason != null) {
      return CompletableFuture.failedFuture(reason);
    }
    if (held.test(command)) {
      CompletableFuture<Outcome> answer = new CompletableFuture<>();
      heldAnswers.add(answer);
      heldTurns.add(
          () -> {
            if (wanted.getAsBoolean()) {
              answer.complete(apply(command));
            } else {
              answer.completeExceptionally(new BackendException.ViewChanging());
            }
          });
      return answer;
    }
    BlockingQueue<Runnable> queue = paced;
    if (queue != null && command instanceof Command.SendMessage message) {
      CompletableFuture<Outcome> answer = new CompletableFuture<>();
      queue.add(() -> answer.complete(acceptUnkept(message)));
      return answer;
    }
    return CompletableFuture.supplyAsync(() -> apply(command), applyThread);
  }

  private Outcome acceptUnkept(Command.SendMessage message) {
    applied.add(message);
    long id = unkept.incrementAndGet();
    return new Outcome.MessageAccepted(
        new StoredMessage(
            id, 1, "sender", 2, message.recipient(), message.text(), message.timeMicros()),
        false,
        false);
  }

  private Outcome apply(Command command) {
    index++;
    Outcome outcome = rules.apply(index, command);
    applied.add(command);
    Listener current = listener;
    if (current != null) {
      current.onApplied(index, command, outcome);
    }
    return outcome;
  }

  @Override
  public CompletableFuture<Void> readBarrier() {
    BackendException reason = refusal == null ? failure : refusal;
    return reason == null
        ? CompletableFuture.runAsync(() -> {}, applyThread)
        : CompletableFuture.failedFuture(reason);
  }

  @Override
  public Optional<BackendException> refusal() {
    return Optional.ofNullable(refusal);
  }

  @Override
  public ClusterState clusterState() {
    return new ClusterState(
        List.of(
            new ClusterState.Server(1, "127.0.0.1:7401", ClusterState.Role.PRIMARY, true, 12, 11),
            new ClusterState.Server(
                2, "127.0.0.1:7402", ClusterState.Role.UNREACHABLE, false, 0, 0)),
        1,
        4,
        List.of(1),
        0,
        List.of(),
        "Server 1 serves alone.");
  }

  @Override
  public long currentTimeMicros() {
    return System.currentTimeMillis() * 1000 + clockAheadMicros.get();
  }

  @Override
  public void close() {
    pacer.shutdownNow();
    applyThread.shutdownNow();
  }
}
