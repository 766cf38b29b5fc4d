package chat.server.transport;

import chat.server.replication.Envelope;
import chat.server.replication.Incarnation;
import chat.server.replication.ServerId;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Callers that wait for an answer of the core, which may never come. Thread-safe.
 *
 * <p>Whoever takes a caller out of here, and nobody else, may answer it: so it is answered once.
 * There are never more than {@code capacity}: the one that waits longest is sent away first.
 */
final class PendingCalls {
  /** What pairs an answer with its caller. */
  record Key(ServerId from, Incarnation incarnation, long call) {}

  /** One caller. */
  record Caller<A>(ServerCallStreamObserver<A> responses, Function<Envelope, A> encoder) {
    /** Answers; throws {@code IllegalArgumentException} if this RPC has no such answer. */
    void answer(Envelope envelope) {
      A response = encoder.apply(envelope);
      responses.onNext(response);
      responses.onCompleted();
    }

    void refuse(Status status) {
      responses.onError(status.asException());
    }
  }

  private final Map<Key, Caller<?>> callers = new LinkedHashMap<>();
  private final int capacity;
  private boolean closed;

  PendingCalls(int capacity) {
    this.capacity = capacity;
  }

  /** Keeps a caller until it is taken. A caller that repeats itself is answered once, at last. */
  void add(Key key, Caller<?> caller) {
    Caller<?> repeated = null;
    Caller<?> eldest = null;
    boolean late;
    synchronized (this) {
      late = closed;
      if (!late) {
        repeated = callers.remove(key);
        if (callers.size() >= capacity) {
          eldest = callers.remove(callers.keySet().iterator().next());
        }
        callers.put(key, caller);
      }
    }
    if (late) {
      caller.refuse(Status.UNAVAILABLE.withDescription("this server is stopping"));
    }
    if (repeated != null) {
      repeated.refuse(Status.ABORTED.withDescription("asked again with the same call"));
    }
    if (eldest != null) {
      eldest.refuse(Status.RESOURCE_EXHAUSTED.withDescription("too many unanswered calls"));
    }
  }

  /** The caller that waits for this, if it still does; it waits no longer. */
  synchronized @Nullable Caller<?> take(Key key) {
    return callers.remove(key);
  }

  /** Forgets a caller that has gone. */
  synchronized void forget(Key key, Caller<?> caller) {
    callers.remove(key, caller);
  }

  synchronized int size() {
    return callers.size();
  }

  /** Sends everybody away, now and from now on. */
  void close() {
    List<Caller<?>> left;
    synchronized (this) {
      closed = true;
      left = new ArrayList<>(callers.values());
      callers.clear();
    }
    for (Caller<?> caller : left) {
      caller.refuse(Status.UNAVAILABLE.withDescription("this server is stopping"));
    }
  }
}
