package chat.server.api;

import chat.v1.ChatServiceGrpc;
import com.google.protobuf.MessageLite;
import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Counts what is open at this server, from the arrival of its headers until its last byte has been
 * handed over, and refuses what is too much before its request is looked at. Thread-safe.
 *
 * <p>It counts on the network's thread, so that calls that wait for one of ours are among those
 * counted: under overload that is where the queue is. What has waited there for long is refused,
 * which takes next to no time, so that what comes behind it does not wait as long.
 */
final class CallGate extends ServerStreamTracer.Factory implements ServerInterceptor {
  private static final Context.Key<OpenCall> OPEN = Context.key("chat-open-call");

  /** What is below this is not worth counting. */
  private static final int SMALL_ANSWER_BYTES = 16 * 1024;

  /** A call that has waited so long for a thread is refused, if there are many. */
  private static final long WAIT_MAX_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  private enum Kind {
    /** Answered in a message that is small. */
    CALL,
    /** Answered in a message that may be large. */
    READ,
    STREAM
  }

  private final CallLimits limits;
  private final int streamsMax;
  private final ScheduledExecutorService clock;
  private final AtomicInteger calls = new AtomicInteger();
  private final AtomicInteger streams = new AtomicInteger();
  private final AtomicLong answerBytes = new AtomicLong();
  private final Map<String, Kind> kinds = new ConcurrentHashMap<>();

  /**
   * @param streamsMax open streams in one direction or the other
   */
  CallGate(CallLimits limits, int streamsMax, ScheduledExecutorService clock) {
    this.limits = limits;
    this.streamsMax = streamsMax;
    this.clock = clock;
    for (MethodDescriptor<?, ?> method : ChatServiceGrpc.getServiceDescriptor().getMethods()) {
      kinds.put(method.getFullMethodName(), kind(method));
    }
  }

  private static Kind kind(MethodDescriptor<?, ?> method) {
    if (method.getType() != MethodDescriptor.MethodType.UNARY) {
      return Kind.STREAM;
    }
    return method == ChatServiceGrpc.getFetchMessagesMethod()
            || method == ChatServiceGrpc.getListMessagesMethod()
            || method == ChatServiceGrpc.getListAccountsMethod()
        ? Kind.READ
        : Kind.CALL;
  }

  /** One call of the chat service. Thread-safe. */
  final class OpenCall extends ServerStreamTracer {
    private final Kind kind;
    private final boolean tooMany;
    private final long arrivedNanos = System.nanoTime();
    private final AtomicLong reserved = new AtomicLong();
    private volatile Context.@Nullable CancellableContext context;

    private OpenCall(Kind kind) {
      this.kind = kind;
      tooMany =
          kind == Kind.STREAM
              ? streams.incrementAndGet() > streamsMax
              : calls.incrementAndGet() > limits.callsMax();
    }

    /** Whether it is one too many, or has waited for too long among many. */
    private boolean isTooMuch() {
      return tooMany
          || (kind != Kind.STREAM
              && calls.get() > Backlog.UNARY_FREE
              && System.nanoTime() - arrivedNanos > WAIT_MAX_NANOS);
    }

    @Override
    public Context filterContext(Context parent) {
      Context.CancellableContext own =
          kind == Kind.READ
              ? parent.withDeadlineAfter(
                  limits.answerTakenWithin().toNanos(), TimeUnit.NANOSECONDS, clock)
              : parent.withCancellation();
      context = own;
      return own.withValue(OPEN, this);
    }

    @Override
    public void streamClosed(Status status) {
      (kind == Kind.STREAM ? streams : calls).decrementAndGet();
      answerBytes.addAndGet(-reserved.get());
      Context.CancellableContext own = context;
      if (own != null) {
        own.cancel(null);
      }
    }

    /** Whether there is room to keep an answer until the client takes it. */
    boolean mayAnswer(Object response) {
      if (kind != Kind.READ || !(response instanceof MessageLite message)) {
        return true;
      }
      int size = message.getSerializedSize();
      if (size <= SMALL_ANSWER_BYTES) {
        return true;
      }
      if (answerBytes.addAndGet(size) > limits.answerBytesMax()) {
        answerBytes.addAndGet(-size);
        return false;
      }
      reserved.addAndGet(size);
      return true;
    }

    /**
     * Resets the stream if its end has not been taken yet: what is written to a client that does
     * not read stays in memory.
     */
    void abort() {
      Context.CancellableContext own = context;
      if (own != null) {
        // gRPC resets a server's stream when its deadline passes, and in no other case.
        own.cancel(new TimeoutException("the client does not read"));
      }
    }
  }

  /** The current call; asked on the thread that the call arrives on. */
  static @Nullable OpenCall current() {
    return OPEN.get();
  }

  @Override
  public ServerStreamTracer newServerStreamTracer(String fullMethodName, Metadata headers) {
    Kind kind = kinds.get(fullMethodName);
    return kind == null ? new ServerStreamTracer() {} : new OpenCall(kind);
  }

  @Override
  public <ReqT, RespT> ServerCall.Listener<ReqT> interceptCall(
      ServerCall<ReqT, RespT> call, Metadata headers, ServerCallHandler<ReqT, RespT> next) {
    OpenCall open = current();
    if (open == null || !open.isTooMuch()) {
      return next.startCall(call, headers);
    }
    StatusRuntimeException refusal = ErrorMapping.status(new BackendException.Overloaded(), true);
    Metadata trailers = refusal.getTrailers();
    call.close(refusal.getStatus(), trailers == null ? new Metadata() : trailers);
    return new ServerCall.Listener<>() {};
  }
}
