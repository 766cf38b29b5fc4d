package chat.client.guard;

import chat.v1.ChatServiceGrpc;
import chat.v1.SendMessageRequest;
import chat.v1.SendMessageResponse;
import com.google.rpc.ErrorInfo;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ClientStreamTracer;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.StreamObserver;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Unary messages of one account to many, as fast as they are answered or as fast as it is told. */
final class Load {
  /** An open loop that has more than this unanswered is no longer one: its client drowns. */
  private static final int OPEN_MAX = 7_500;

  private final ChatServiceGrpc.ChatServiceStub stub;
  private final String[] targets;
  private final AtomicInteger next = new AtomicInteger();

  Load(Wire wire, String token, String... targets) {
    this.stub = wire.stub(token);
    this.targets = targets.clone();
  }

  /** What came of a load. Thread-safe. */
  static final class Times {
    static final Times IGNORED = new Times();
    private final long begunNanos = System.nanoTime();
    private long[] accepted = new long[1 << 16];
    private long[] served = new long[1 << 16];
    private int count;
    private long lastNanos = begunNanos;
    private final Map<String, Integer> refusals = new TreeMap<>();
    private int heldBack;

    /**
     * A message was accepted.
     *
     * @param nanos since it was asked for
     * @param servedNanos since the request left this process, which holds back what a connection
     *     may not have open
     */
    synchronized void accepted(long nanos, long servedNanos) {
      if (count == accepted.length) {
        accepted = Arrays.copyOf(accepted, 2 * count);
        served = Arrays.copyOf(served, 2 * count);
      }
      accepted[count] = nanos;
      served[count++] = servedNanos;
      lastNanos = System.nanoTime();
    }

    synchronized void refused(String reason) {
      refusals.merge(reason, 1, Integer::sum);
    }

    synchronized void heldBack() {
      heldBack++;
    }

    synchronized int refused() {
      return refusals.values().stream().mapToInt(Integer::intValue).sum();
    }

    synchronized double perSecond() {
      return count / seconds();
    }

    private double seconds() {
      return Math.max(1, lastNanos - begunNanos) / 1e9;
    }

    @Override
    public synchronized String toString() {
      return String.format(
          Locale.ROOT,
          "%.0f/s accepted, %s (since it left the client %s); refused %.0f/s %s%s",
          perSecond(),
          percentiles(accepted),
          percentiles(served),
          refused() / seconds(),
          refusals,
          heldBack == 0 ? "" : ", " + heldBack + " not sent: the client had enough open");
    }

    private String percentiles(long[] nanos) {
      long[] sorted = Arrays.copyOf(nanos, count);
      Arrays.sort(sorted);
      return String.format(
          Locale.ROOT,
          "p50 %.1f ms, p99 %.1f ms, max %.1f ms",
          percentile(sorted, 0.5),
          percentile(sorted, 0.99),
          percentile(sorted, 1));
    }

    private static double percentile(long[] sorted, double of) {
      return sorted.length == 0
          ? 0
          : sorted[(int) Math.min(sorted.length - 1, sorted.length * of)] / 1e6;
    }
  }

  /** So many at a time, each followed by the next, for some seconds. */
  void closed(int inFlight, double seconds, Times times) throws InterruptedException {
    Semaphore window = new Semaphore(inFlight);
    long end = System.nanoTime() + (long) (seconds * 1e9);
    while (System.nanoTime() < end) {
      window.acquire();
      send("hello, how are you today?", times, window::release);
    }
    window.acquire(inFlight);
  }

  /** So many messages in all. */
  void messages(int inFlight, int count, String text) throws InterruptedException {
    Semaphore window = new Semaphore(inFlight);
    for (int i = 0; i < count; i++) {
      window.acquire();
      send(text, Times.IGNORED, window::release);
    }
    window.acquire(inFlight);
  }

  /** So many a second, whether they are answered or not. */
  void open(int rate, int seconds, Times times) throws InterruptedException {
    Semaphore window = new Semaphore(OPEN_MAX);
    long begin = System.nanoTime();
    for (long i = 0; i < (long) rate * seconds; i++) {
      long due = begin + i * TimeUnit.SECONDS.toNanos(1) / rate;
      long now = System.nanoTime();
      if (now - begin > TimeUnit.SECONDS.toNanos(seconds)) {
        break;
      }
      if (due - now > 1_000_000) {
        Thread.sleep((due - now) / 1_000_000);
      }
      if (window.tryAcquire()) {
        send("hello, how are you today?", times, window::release);
      } else {
        times.heldBack();
      }
    }
    window.acquire(OPEN_MAX);
  }

  private void send(String text, Times times, Runnable done) {
    String target = targets[Math.floorMod(next.getAndIncrement(), targets.length)];
    long before = System.nanoTime();
    Departure departure = new Departure();
    departure
        .of(stub)
        .sendMessage(
            SendMessageRequest.newBuilder().setRecipient(target).setText(text).build(),
            new StreamObserver<>() {
              @Override
              public void onNext(SendMessageResponse response) {
                long now = System.nanoTime();
                times.accepted(now - before, now - departure.nanos);
              }

              @Override
              public void onError(Throwable failure) {
                times.refused(reason(failure));
                done.run();
              }

              @Override
              public void onCompleted() {
                done.run();
              }
            });
  }

  /** When a call's headers left this process. */
  private static final class Departure extends ClientStreamTracer.Factory
      implements ClientInterceptor {
    volatile long nanos = System.nanoTime();

    ChatServiceGrpc.ChatServiceStub of(ChatServiceGrpc.ChatServiceStub stub) {
      return stub.withInterceptors(this);
    }

    @Override
    public <Q, R> ClientCall<Q, R> interceptCall(
        MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
      return next.newCall(method, options.withStreamTracerFactory(this));
    }

    @Override
    public ClientStreamTracer newClientStreamTracer(
        ClientStreamTracer.StreamInfo info, Metadata headers) {
      return new ClientStreamTracer() {
        @Override
        public void outboundHeaders() {
          nanos = System.nanoTime();
        }
      };
    }
  }

  static String reason(Throwable failure) {
    com.google.rpc.Status status = StatusProto.fromThrowable(failure);
    if (status != null) {
      for (com.google.protobuf.Any detail : status.getDetailsList()) {
        if (detail.is(ErrorInfo.class)) {
          try {
            return detail.unpack(ErrorInfo.class).getReason();
          } catch (com.google.protobuf.InvalidProtocolBufferException e) {
            return e.toString();
          }
        }
      }
    }
    return failure.toString();
  }
}
