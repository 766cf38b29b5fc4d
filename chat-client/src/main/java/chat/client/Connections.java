package chat.client;

import chat.common.ErrorReason;
import chat.v1.ChatServiceGrpc;
import chat.v1.GetClusterStatusRequest;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * What a client is connected with: the channel to the primary, the channel to any server at all,
 * each made when it is first needed, and one timer thread. Thread-safe.
 */
final class Connections {
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
  private static final Duration STATUS_ATTEMPT = Duration.ofSeconds(1);

  private final ServerDirectory directory;
  private final CallTimes times;
  private final ClientTls tls;
  private final ScheduledThreadPoolExecutor timer;
  private final Set<Runnable> closers = ConcurrentHashMap.newKeySet();
  private final AtomicBoolean looking = new AtomicBoolean();
  private @Nullable PrimaryChannel primary;
  private @Nullable ManagedChannel anyServer;
  private volatile boolean closed;

  Connections(ServerDirectory directory, CallTimes times, ClientTls tls) {
    this.directory = directory;
    this.times = times;
    this.tls = tls;
    this.timer =
        new ScheduledThreadPoolExecutor(
            1,
            task -> {
              Thread thread = new Thread(task, "chat-client-timer");
              thread.setDaemon(true);
              return thread;
            });
    timer.setRemoveOnCancelPolicy(true);
  }

  CallTimes times() {
    return times;
  }

  ScheduledThreadPoolExecutor timer() {
    return timer;
  }

  String serversInWords() {
    return directory.words();
  }

  /** The channel to the primary, its calls made in the session of {@code token} if given. */
  Channel primaryChannel(@Nullable String token) {
    ManagedChannel channel = primary().channel();
    if (token == null) {
      return channel;
    }
    Metadata headers = new Metadata();
    headers.put(AUTHORIZATION, "Bearer " + token);
    return ClientInterceptors.intercept(
        channel, MetadataUtils.newAttachHeadersInterceptor(headers));
  }

  private synchronized PrimaryChannel primary() {
    if (closed) {
      throw closedException();
    }
    if (primary == null) {
      primary = new PrimaryChannel(directory, times, tls, timer, this::lookForServers);
    }
    return primary;
  }

  private synchronized ManagedChannel anyServer() {
    if (closed) {
      throw closedException();
    }
    if (anyServer == null) {
      anyServer =
          PrimaryChannel.newBuilder(directory, times, tls)
              .defaultLoadBalancingPolicy("round_robin")
              .build();
    }
    return anyServer;
  }

  boolean primaryKnown() {
    return primary().primaryKnown();
  }

  /** See {@link PrimaryChannel#suspect}. */
  void suspectPrimary() {
    if (!closed) {
      primary().suspect();
    }
  }

  /** A call to the primary, repeated until it has an answer or its time is over. */
  <Q, R> CompletableFuture<R> call(
      Channel channel, MethodDescriptor<Q, R> method, Q request, @Nullable String requestId) {
    return new RepeatedCall<>(this, channel, method, request, requestId).start();
  }

  /** Asks any live server, one after the other. */
  CompletableFuture<ClusterStatus> clusterStatus() {
    CompletableFuture<ClusterStatus> result = new CompletableFuture<>();
    askStatus(result, 2 * directory.servers().size());
    return result;
  }

  private void askStatus(CompletableFuture<ClusterStatus> result, int triesLeft) {
    if (closed) {
      result.completeExceptionally(closedException());
      return;
    }
    CallOptions options =
        CallOptions.DEFAULT.withDeadlineAfter(STATUS_ATTEMPT.toMillis(), TimeUnit.MILLISECONDS);
    ClientCalls.asyncUnaryCall(
        anyServer().newCall(ChatServiceGrpc.getGetClusterStatusMethod(), options),
        GetClusterStatusRequest.getDefaultInstance(),
        new StreamObserver<>() {
          @Override
          public void onNext(chat.v1.GetClusterStatusResponse response) {
            result.complete(Wire.clusterStatus(response));
          }

          @Override
          public void onError(Throwable failure) {
            if (triesLeft > 1) {
              askStatus(result, triesLeft - 1);
            } else {
              result.completeExceptionally(noServer(ServerError.of(failure).exception()));
            }
          }

          @Override
          public void onCompleted() {
            if (!result.isDone()) {
              result.completeExceptionally(
                  ServerError.definite(ErrorReason.INTERNAL, "The server answered nothing."));
            }
          }
        });
  }

  private ChatException noServer(ChatException cause) {
    return new ChatException(
        ErrorReason.NO_PRIMARY,
        "No server answers at " + directory.words() + "; " + why(cause),
        cause);
  }

  private String why(ChatException cause) {
    for (Throwable inner = cause; inner != null; inner = inner.getCause()) {
      if (inner instanceof SSLException) {
        return "its certificate is not accepted (" + innermost(inner) + ").";
      }
    }
    return tls.equals(ClientTls.NONE)
        ? "is the cluster running, and does it want TLS?"
        : "is the cluster running, and with TLS?";
  }

  private static String innermost(Throwable failure) {
    Throwable last = failure;
    while (last.getCause() != null) {
      last = last.getCause();
    }
    return String.valueOf(last.getMessage());
  }

  /** With one address given, the others are found by asking. */
  private void lookForServers() {
    if (closed || !looking.compareAndSet(false, true)) {
      return;
    }
    CompletableFuture<?> unused =
        clusterStatus()
            .whenComplete(
                (status, failure) -> {
                  looking.set(false);
                  if (status != null) {
                    learn(status.servers().stream().map(ClusterStatus.Server::address).toList());
                  }
                });
  }

  /** A server that is not the primary may know who is. */
  void learnFrom(ChatException refusal) {
    String address = refusal.metadata().get(ErrorReason.PRIMARY_ADDRESS);
    if (address != null) {
      learn(List.of(address));
    }
  }

  private void learn(List<String> addresses) {
    if (directory.learn(addresses) && !closed) {
      // This also resolves again, which brings the new servers in.
      primary().suspect();
    }
  }

  /** Runs a task later; false if the client is closed. */
  boolean later(Duration delay, Runnable task) {
    if (closed) {
      return false;
    }
    try {
      Future<?> unused = timer.schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS);
      return true;
    } catch (RejectedExecutionException e) {
      return false;
    }
  }

  ChatException closedException() {
    return ServerError.definite(
        ErrorReason.SHUTTING_DOWN, "This client was closed before the answer came.");
  }

  /** Has a task run when the client is closed: nobody else ends what waits for the timer. */
  void whenClosed(Runnable closer) {
    closers.add(closer);
    if (closed) {
      closer.run();
    }
  }

  void forget(Runnable closer) {
    closers.remove(closer);
  }

  void close() {
    synchronized (this) {
      closed = true;
      if (primary != null) {
        primary.close();
      }
      if (anyServer != null) {
        anyServer.shutdownNow();
      }
    }
    timer.shutdownNow();
    closers.forEach(Runnable::run);
  }
}
