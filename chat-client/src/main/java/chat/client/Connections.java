package chat.client;

import chat.common.ErrorReason;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.stub.MetadataUtils;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What a client is connected with: the channel to the primary, the channel to any server at all,
 * each made when it is first needed, one timer thread, and threads for callbacks. Thread-safe.
 */
final class Connections {
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  private final ServerDirectory directory;
  private final CallTimes times;
  private final EventLoop eventLoop = new EventLoop();
  private final ServerChannels channels;
  private final ScheduledThreadPoolExecutor timer;
  private final Executor callbacks;

  /** One permit for each message that may be sent without waiting for its answer. */
  private final Semaphore sendRoom;

  private final Set<Runnable> closers = ConcurrentHashMap.newKeySet();
  private final AtomicBoolean looking = new AtomicBoolean();
  private final Misfit misfit = new Misfit();
  private @Nullable PrimaryChannel primary;
  private @Nullable ManagedChannel anyServer;
  private volatile boolean closed;

  Connections(ServerDirectory directory, CallTimes times, ClientTls tls, int sendsInFlightMax) {
    this.directory = directory;
    this.times = times;
    this.sendRoom = new Semaphore(sendsInFlightMax);
    this.timer = new ScheduledThreadPoolExecutor(1, task -> daemon(task, "chat-client-timer"));
    timer.setRemoveOnCancelPolicy(true);
    // As many as there are callbacks that block. Nobody ends it: its threads end by themselves, as
    // channels need them a little longer than their users do.
    this.callbacks =
        new ThreadPoolExecutor(
            0,
            Integer.MAX_VALUE,
            1,
            TimeUnit.SECONDS,
            new SynchronousQueue<>(),
            task -> daemon(task, "chat-client-callback"));
    this.channels = new ServerChannels(directory, times, tls, callbacks, eventLoop);
  }

  private static Thread daemon(Runnable task, String name) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    return thread;
  }

  CallTimes times() {
    return times;
  }

  Semaphore sendRoom() {
    return sendRoom;
  }

  /** Runs what completes futures of callers, who may do there what they like. */
  void callBack(Runnable task) {
    callbacks.execute(task);
  }

  /**
   * Runs a task again and again until it is cancelled or the client is closed.
   *
   * @throws ChatException if the client is closed
   */
  Future<?> repeatedly(Duration pause, Runnable task) {
    long nanos = pause.toNanos();
    try {
      return timer.scheduleWithFixedDelay(task, nanos, nanos, TimeUnit.NANOSECONDS);
    } catch (RejectedExecutionException e) {
      throw closedException();
    }
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
      primary = new PrimaryChannel(channels, timer, this::lookForServers);
    }
    return primary;
  }

  private synchronized ManagedChannel anyServer() {
    if (closed) {
      throw closedException();
    }
    if (anyServer == null) {
      anyServer = channels.newBuilder().defaultLoadBalancingPolicy("round_robin").build();
    }
    return anyServer;
  }

  boolean primaryKnown() {
    return primary().primaryKnown();
  }

  /** See {@link PrimaryChannel#suspect}. */
  void suspectPrimary() {
    PrimaryChannel suspected;
    synchronized (this) {
      suspected = closed ? null : primary;
    }
    if (suspected != null) {
      suspected.suspect();
    }
  }

  /** A call to the primary, repeated until it has an answer or its time is over. */
  <Q, R, T> CompletableFuture<T> call(
      Channel channel,
      MethodDescriptor<Q, R> method,
      Q request,
      @Nullable String requestId,
      Function<R, T> read) {
    return new RepeatedCall<>(this, channel, method, request, requestId, read, () -> {}).start();
  }

  /** Asks any live server, one after the other. */
  CompletableFuture<ClusterStatus> clusterStatus() {
    return newStatusCall().start();
  }

  private StatusCall newStatusCall() {
    return new StatusCall(this, this::anyServer, directory.servers().size());
  }

  boolean isEncrypted() {
    return !channels.tls().equals(ClientTls.NONE);
  }

  /** With one address given, the others are found by asking. */
  private void lookForServers(int primariesBefore) {
    if (closed || !looking.compareAndSet(false, true)) {
      return;
    }
    StatusCall call = newStatusCall();
    CompletableFuture<?> unused =
        call.start()
            .whenComplete(
                (status, failure) ->
                    callBack(() -> looked(call, primariesBefore, status, failure)));
  }

  private void looked(
      StatusCall call,
      int primariesBefore,
      @Nullable ClusterStatus status,
      @Nullable Throwable failure) {
    try {
      misfit.looked(
          failure instanceof ChatException noServer ? misfit(call, noServer) : null,
          primariesBefore);
    } finally {
      looking.set(false);
    }
    if (status != null) {
      learn(status.servers().stream().map(ClusterStatus.Server::address).toList());
    }
  }

  /** What is wrong if waiting does not help, as far as it can be known; may block. */
  private @Nullable ChatException misfit(StatusCall call, ChatException noServer) {
    if (isEncrypted()) {
      return call.foundStrangersOnly() ? noServer : null;
    }
    // To a client without TLS they look dead.
    return directory.servers().stream().allMatch(this::speaksTls)
        ? new ChatException(
            ErrorReason.NO_PRIMARY,
            "The servers at " + directory.words() + " want TLS; connect with it (--tls-ca).",
            noServer)
        : null;
  }

  private boolean speaksTls(ServerDirectory.HostPort server) {
    try {
      return Arrays.stream(directory.lookup().lookUp(server.host()))
          .allMatch(at -> TlsProbe.speaksTls(new InetSocketAddress(at, server.port())));
    } catch (UnknownHostException e) {
      return false;
    }
  }

  /** Why no call will succeed until somebody changes something; null if that is not known. */
  @Nullable ChatException misfit() {
    PrimaryChannel wanted;
    synchronized (this) {
      wanted = closed ? null : primary;
    }
    return wanted == null || wanted.primaryKnown() ? null : misfit.why(wanted.timesFound());
  }

  /** A server that is not the primary may know who is. */
  void learnFrom(ChatException refusal) {
    String address = refusal.metadata().get(ErrorReason.PRIMARY_ADDRESS);
    if (address != null) {
      learn(List.of(address));
    }
  }

  private void learn(List<String> addresses) {
    if (directory.learn(addresses)) {
      // This also resolves again, which brings the new servers in.
      suspectPrimary();
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
    List<ManagedChannel> opened = new ArrayList<>();
    synchronized (this) {
      closed = true;
      if (primary != null) {
        primary.close();
        opened.add(primary.channel());
      }
      if (anyServer != null) {
        anyServer.shutdownNow();
        opened.add(anyServer);
      }
    }
    timer.shutdownNow();
    closers.forEach(Runnable::run);
    eventLoop.close(opened);
  }
}
