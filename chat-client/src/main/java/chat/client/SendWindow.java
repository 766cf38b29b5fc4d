package chat.client;

import chat.v1.SendMessagesRequest;
import io.grpc.ClientCall;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The messages of a {@link MessageSender} that have no answer, in their order. Guarded by the
 * sender's lock; the tasks it hands out complete futures and are run outside of it.
 */
final class SendWindow {
  private final Lock lock;
  private final Condition changed;
  private final Map<String, PendingSend> unanswered = new LinkedHashMap<>();

  /** Tasks that are handed out and have not ended. */
  private int completing;

  /** Of the messages that the call has and nobody waits for any more. */
  private int lateBytesMax;

  SendWindow(Lock lock, Condition changed) {
    this.lock = lock;
    this.changed = changed;
  }

  int size() {
    return unanswered.size();
  }

  boolean isEmpty() {
    return unanswered.isEmpty();
  }

  /** Whether everything has an answer and everybody has been told. */
  boolean isSettled() {
    return unanswered.isEmpty() && completing == 0;
  }

  void add(PendingSend pending) {
    if (unanswered.putIfAbsent(pending.requestId(), pending) != null) {
      throw new IllegalStateException(
          "Request id " + pending.requestId() + " is on its way already.");
    }
  }

  @Nullable PendingSend find(String requestId) {
    return unanswered.get(requestId);
  }

  /**
   * The one with the most bytes of all that the call has and has not answered; empty if that may be
   * one that is not waited for any more.
   */
  Optional<PendingSend> largest() {
    return unanswered.values().stream()
        .max(Comparator.comparingInt(PendingSend::bytes))
        .filter(pending -> pending.bytes() >= lateBytesMax);
  }

  void sendAllOn(ClientCall<SendMessagesRequest, ?> call) {
    lateBytesMax = 0;
    unanswered.values().forEach(pending -> pending.sendOn(call));
  }

  /** Takes out a message that has its answer; the task tells whoever sent it. */
  Runnable answered(PendingSend pending, Runnable tell) {
    unanswered.remove(pending.requestId());
    return completion(tell);
  }

  /** Takes out the messages whose time is over. */
  Runnable takeLate(long nowNanos, Consumer<PendingSend> tell) {
    List<PendingSend> late = new ArrayList<>();
    unanswered.values().removeIf(pending -> pending.isLate(nowNanos) && late.add(pending));
    late.forEach(pending -> lateBytesMax = Math.max(lateBytesMax, pending.bytes()));
    return completion(() -> late.forEach(tell));
  }

  /** Takes out everything. */
  Runnable takeAll(Consumer<PendingSend> tell) {
    List<PendingSend> left = new ArrayList<>(unanswered.values());
    unanswered.clear();
    return completion(() -> left.forEach(tell));
  }

  private Runnable completion(Runnable task) {
    completing++;
    changed.signalAll();
    return () -> {
      try {
        task.run();
      } finally {
        lock.lock();
        try {
          completing--;
          changed.signalAll();
        } finally {
          lock.unlock();
        }
      }
    };
  }
}
