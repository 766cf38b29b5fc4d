package chat.client;

import chat.common.ErrorReason;
import chat.v1.ChatServiceGrpc;
import chat.v1.GetClusterStatusRequest;
import chat.v1.GetClusterStatusResponse;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.netty.shaded.io.netty.handler.ssl.NotSslRecordException;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * Asks any live server for the cluster's status, one after the other. The end of one try starts the
 * next, so that the fields need no lock.
 */
final class StatusCall {
  private static final Duration ATTEMPT = Duration.ofSeconds(1);

  /** A single name may stand for several servers. */
  private static final int TRIES_MIN = 4;

  private final Connections connections;
  private final Supplier<ManagedChannel> anyServer;
  private final CompletableFuture<ClusterStatus> result = new CompletableFuture<>();
  private int triesLeft;
  private boolean strangersOnly = true;

  /**
   * @param servers how many are known
   */
  StatusCall(Connections connections, Supplier<ManagedChannel> anyServer, int servers) {
    this.connections = connections;
    this.anyServer = anyServer;
    this.triesLeft = Math.max(TRIES_MIN, 2 * servers);
  }

  CompletableFuture<ClusterStatus> start() {
    Runnable closer = () -> result.completeExceptionally(connections.closedException());
    connections.whenClosed(closer);
    CompletableFuture<?> unused =
        result.whenComplete((status, failure) -> connections.forget(closer));
    ask();
    return result;
  }

  /**
   * Whether every server that was asked is up, and none is one that this client may talk to: its
   * certificate is not accepted, or it has none. To be asked when it has ended.
   */
  boolean foundStrangersOnly() {
    return strangersOnly;
  }

  private void ask() {
    ManagedChannel channel;
    try {
      channel = anyServer.get();
    } catch (ChatException e) {
      result.completeExceptionally(e);
      return;
    }
    triesLeft--;
    CallOptions options =
        CallOptions.DEFAULT.withDeadlineAfter(ATTEMPT.toMillis(), TimeUnit.MILLISECONDS);
    try {
      ClientCalls.asyncUnaryCall(
          channel.newCall(ChatServiceGrpc.getGetClusterStatusMethod(), options),
          GetClusterStatusRequest.getDefaultInstance(),
          new Answer());
    } catch (RejectedExecutionException e) {
      // Closed meanwhile, event loop and all.
      result.completeExceptionally(connections.closedException());
    }
  }

  private final class Answer implements StreamObserver<GetClusterStatusResponse> {
    private boolean answered;

    @Override
    public void onNext(GetClusterStatusResponse response) {
      answered = true;
      strangersOnly = false;
      result.complete(Wire.clusterStatus(response));
    }

    @Override
    public void onError(Throwable failure) {
      if (answered) {
        return;
      }
      strangersOnly &= isStranger(failure);
      if (triesLeft > 0) {
        ask();
      } else {
        result.completeExceptionally(noServer(ServerError.of(failure).exception()));
      }
    }

    @Override
    public void onCompleted() {
      onError(Status.INTERNAL.withDescription("The server answered nothing.").asException());
    }
  }

  /** Not merely a handshake that was broken off: that happens to whoever dies, too. */
  private static boolean isStranger(Throwable failure) {
    return cause(failure, CertificateException.class) != null
        || cause(failure, NotSslRecordException.class) != null;
  }

  private ChatException noServer(ChatException cause) {
    return new ChatException(
        ErrorReason.NO_PRIMARY,
        "No server answers at " + connections.serversInWords() + "; " + why(cause),
        cause);
  }

  private String why(ChatException cause) {
    if (cause(cause, NotSslRecordException.class) != null) {
      return "it is up, and without TLS.";
    }
    SSLException refused = cause(cause, SSLException.class);
    if (refused != null) {
      return "its certificate is not accepted (" + innermost(refused) + ").";
    }
    return connections.isEncrypted()
        ? "is the cluster running, and with TLS?"
        : "is the cluster running, and does it want TLS?";
  }

  private static <T extends Throwable> @Nullable T cause(Throwable failure, Class<T> kind) {
    for (Throwable inner = failure; inner != null; inner = inner.getCause()) {
      if (kind.isInstance(inner)) {
        return kind.cast(inner);
      }
    }
    return null;
  }

  private static String innermost(Throwable failure) {
    Throwable last = failure;
    while (last.getCause() != null) {
      last = last.getCause();
    }
    return String.valueOf(last.getMessage());
  }
}
