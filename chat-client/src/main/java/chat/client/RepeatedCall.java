package chat.client;

import chat.common.ErrorReason;
import com.google.protobuf.MessageLite;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientStreamTracer;
import io.grpc.ClientStreamTracer.StreamInfo;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One call until it has an answer: attempts of limited length, each on whoever is primary then, all
 * with the same request, until the whole call's time is over. Within an attempt gRPC's own retry
 * policy deals with refusals; what it cannot deal with is a server that says nothing at all.
 *
 * <p>One attempt runs at a time; its end starts the next, so that the fields need no lock.
 */
final class RepeatedCall<Q, R, T> {
  private static final int BROKEN_MAX = 3;

  private final Connections connections;
  private final Channel channel;
  private final MethodDescriptor<Q, R> method;
  private final Q request;

  /** Null for a read, or for a write that does no harm when it is repeated. */
  private final @Nullable String requestId;

  private final Function<R, T> read;
  private final Runnable ended;
  private final CompletableFuture<T> result = new CompletableFuture<>();
  private final AtomicBoolean over = new AtomicBoolean();
  private final Runnable closer = this::clientClosed;
  private final long deadlineNanos;

  /** Requests that may have reached a server. */
  private final AtomicInteger sent = new AtomicInteger();

  private volatile @Nullable ClientCall<Q, R> current;
  private int broken;
  private final Backoff backoff = new Backoff(Duration.ofMillis(20), Duration.ofMillis(500));

  /**
   * @param read makes of the answer what the caller gets; throws what {@link Status} makes if it is
   *     none that a sound server gives
   * @param ended runs once, before the caller is told
   */
  RepeatedCall(
      Connections connections,
      Channel channel,
      MethodDescriptor<Q, R> method,
      Q request,
      @Nullable String requestId,
      Function<R, T> read,
      Runnable ended) {
    this.connections = connections;
    this.channel = channel;
    this.method = method;
    this.request = request;
    this.requestId = requestId;
    this.read = read;
    this.ended = ended;
    this.deadlineNanos = System.nanoTime() + connections.times().whole().toNanos();
  }

  /** Starts it. Cancelling the future ends the attempt that runs, and begins no other. */
  CompletableFuture<T> start() {
    connections.whenClosed(closer);
    CompletableFuture<T> unused =
        result.whenComplete(
            (answer, failure) -> {
              if (end()) {
                ClientCall<Q, R> running = current;
                if (running != null) {
                  running.cancel("The caller gave up.", null);
                }
              }
            });
    attempt();
    return result;
  }

  /** Whether this is the end, and not already behind it. */
  private boolean end() {
    if (!over.compareAndSet(false, true)) {
      return false;
    }
    connections.forget(closer);
    // Before the caller's own code runs, which may wait for it.
    ended.run();
    return true;
  }

  private void succeed(T answer) {
    if (end()) {
      result.complete(answer);
    }
  }

  private void fail(ChatException why) {
    if (end()) {
      result.completeExceptionally(why);
    }
  }

  private void clientClosed() {
    fail(unknownOr(connections.closedException(), true));
  }

  private void attempt() {
    if (over.get()) {
      return;
    }
    long leftNanos = deadlineNanos - System.nanoTime();
    long attemptNanos = Math.min(connections.times().attempt().toNanos(), leftNanos);
    CallOptions options =
        CallOptions.DEFAULT
            .withWaitForReady()
            .withDeadlineAfter(attemptNanos, TimeUnit.NANOSECONDS)
            .withStreamTracerFactory(new SentCounter(sent));
    ClientCall<Q, R> call = channel.newCall(method, options);
    current = call;
    try {
      ClientCalls.asyncUnaryCall(call, request, new Answer());
    } catch (RejectedExecutionException e) {
      // Closed meanwhile, event loop and all.
      clientClosed();
    }
  }

  private final class Answer implements StreamObserver<R> {
    private @Nullable R answer;

    @Override
    public void onNext(R value) {
      answer = value;
    }

    @Override
    public void onError(Throwable failure) {
      failed(failure);
    }

    @Override
    public void onCompleted() {
      if (answer == null) {
        failed(Status.INTERNAL.withDescription("The server answered nothing.").asException());
      } else {
        T value;
        try {
          value = read.apply(answer);
        } catch (StatusRuntimeException e) {
          failed(e);
          return;
        }
        succeed(value);
      }
    }
  }

  private void failed(Throwable failure) {
    ServerError error = ServerError.of(failure);
    if (error.tooLarge() && request instanceof MessageLite message) {
      Optional<ChatException> refused = ServerError.ofLargeRequest(message.getSerializedSize());
      if (refused.isPresent()) {
        fail(refused.get());
        return;
      }
    }
    connections.learnFrom(error.exception());
    switch (error.kind()) {
      case DEFINITE -> finish(error);
      case REPEAT -> {
        if (Status.fromThrowable(failure).getCode() == Status.Code.DEADLINE_EXCEEDED) {
          connections.suspectPrimary();
        }
        again(error);
      }
      case REPEAT_LATER -> again(error);
      case REPEAT_FEW -> {
        if (++broken >= BROKEN_MAX) {
          finish(error);
        } else {
          again(error);
        }
      }
    }
  }

  private void again(ServerError error) {
    ChatException misfit = connections.misfit();
    if (misfit != null) {
      fail(unknownOr(misfit, true));
      return;
    }
    Duration wait = error.pause(backoff);
    if (System.nanoTime() + wait.toNanos() - deadlineNanos >= 0) {
      finish(error);
    } else if (!connections.later(wait, this::attempt)) {
      clientClosed();
    }
  }

  private void finish(ServerError error) {
    boolean decided =
        error.kind() == ServerError.Kind.DEFINITE || error.kind() == ServerError.Kind.REPEAT_LATER;
    if (decided) {
      // An earlier attempt may have been applied if this answer came before anybody looked.
      boolean doubtful = sent.get() > 1 && error.precedesRequestIds();
      fail(unknownOr(error.exception(), doubtful));
    } else if (error.kind() == ServerError.Kind.REPEAT_FEW) {
      fail(unknownOr(error.exception(), true));
    } else {
      fail(unknownOr(noPrimary(error.exception()), true));
    }
  }

  private ChatException unknownOr(ChatException definite, boolean doubtful) {
    if (requestId == null || !doubtful || sent.get() == 0) {
      return definite;
    }
    return new OutcomeUnknownException(
        requestId,
        "Nobody said in time whether this was done; ask again with request id "
            + requestId
            + ", which never does it twice.",
        definite);
  }

  private ChatException noPrimary(ChatException cause) {
    return new ChatException(
        ErrorReason.NO_PRIMARY,
        "No primary answered within "
            + connections.times().whole().toMillis() / 1000.0
            + " s at "
            + connections.serversInWords()
            + (sent.get() == 0 ? "; nothing was sent, " : "; ")
            + "try again, or ask for the cluster's status.",
        cause);
  }

  /** Counts the attempts whose headers went out, gRPC's own retries among them. */
  private static final class SentCounter extends ClientStreamTracer.Factory {
    private final AtomicInteger sent;

    SentCounter(AtomicInteger sent) {
      this.sent = sent;
    }

    @Override
    public ClientStreamTracer newClientStreamTracer(StreamInfo info, Metadata headers) {
      return new ClientStreamTracer() {
        @Override
        public void outboundHeaders() {
          sent.incrementAndGet();
        }
      };
    }
  }
}
