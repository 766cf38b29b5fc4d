package chat.server.api;

import chat.common.CheckedRequests;
import chat.server.chat.ChatQueries;
import chat.server.chat.Command;
import chat.server.chat.Outcome;
import chat.v1.ChatServiceGrpc;
import io.grpc.Metadata;
import io.grpc.ServerBuilder;
import io.grpc.ServerCall;
import io.grpc.ServerCallExecutorSupplier;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The public side of a server, assembled: the chat service with health and reflection, and the
 * hooks by which the composition root tells it what the replication underneath does.
 *
 * <p>Thread-safe. {@link #onApplied} is called by the apply thread alone, in log order, and never
 * blocks; neither do the changes of role.
 */
public final class ChatEndpoint implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(ChatEndpoint.class);

  /** Enough that a few slow database reads do not stop the rest. */
  private static final int THREADS_MIN = 8;

  /** A client may ping an idle connection this often; grpc clients cannot go below 10 s. */
  private static final int KEEP_ALIVE_PERMIT_SECONDS = 5;

  private final Limits limits;
  private final ServingHealth health = new ServingHealth();
  private final PasswordHasher passwords;
  private final ExecutorService threads;
  private final ScheduledExecutorService clock;
  private final CallGate gate;
  private final Proposals proposals;
  private final StreamRegistry streams;
  private final ChatGrpcService service;

  /**
   * Assembles the service; nothing listens until {@link #addTo} and the builder's start.
   *
   * @param backend the replication underneath
   * @param queries reads of the applied state, from any thread
   * @param random for tokens, salts and ids; thread-safe
   */
  public ChatEndpoint(
      ChatBackend backend,
      ChatQueries queries,
      Limits limits,
      PasswordCost passwordCost,
      SecureRandom random) {
    this.limits = limits;
    this.threads =
        Executors.newFixedThreadPool(
            Math.max(THREADS_MIN, 2 * Runtime.getRuntime().availableProcessors()),
            new NamedThreads("api"));
    ScheduledThreadPoolExecutor timer =
        new ScheduledThreadPoolExecutor(1, new NamedThreads("api-clock"));
    // Most of its tasks are deadlines of calls that are over long before.
    timer.setRemoveOnCancelPolicy(true);
    this.clock = timer;
    this.gate = new CallGate(limits.calls(), limits.streamsMax(), timer);
    this.passwords =
        new PasswordHasher(passwordCost, limits.passwordThreads(), limits.passwordQueue(), random);
    Tokens tokens = new Tokens(random);
    Validation validation = new Validation(limits);
    this.proposals = new Proposals(backend, limits, threads);
    SessionReads reads = new SessionReads(proposals, queries);
    AccountRates rates = new AccountRates(limits.throttling());
    LoginThrottle throttle = new LoginThrottle(limits.throttling().loginFailuresFree());
    this.streams = new StreamRegistry(proposals, queries, reads, rates, limits, tokens);
    this.service =
        new ChatGrpcService(
            proposals,
            new AccountCalls(
                proposals, queries, reads, validation, passwords, limits.throttling(), throttle),
            new SessionCalls(proposals, queries, reads, passwords, tokens, throttle),
            new MessageCalls(
                proposals, queries, reads, validation, streams::isReceiving, rates, limits),
            streams,
            new ClusterStatusCalls(proposals),
            limits);
    Duration tick = limits.heartbeatInterval().dividedBy(4);
    every(tick, proposals::tick);
    every(tick, streams::tick);
    every(tick.dividedBy(StreamRegistry.PARTS), streams::visitSome);
  }

  /** Adds the services and limits to a server that is being built. */
  public void addTo(ServerBuilder<?> server) {
    List<ServerServiceDefinition> services =
        List.of(
            ServerInterceptors.interceptForward(service, gate, new SessionInterceptor()),
            health.service().bindService(),
            ProtoReflectionServiceV1.newInstance().bindService(),
            reflectionV1Alpha().bindService());
    services.forEach(each -> server.addService(RequestWords.check(each, limits)));
    CheckedRequests.addTo(server);
    server.addStreamTracerFactory(gate).directExecutor().callExecutor(threadsOf(threads));
  }

  /** Bounds what one connection may have open; for servers on a network. */
  public void limitConnections(NettyServerBuilder server) {
    server.maxConcurrentCallsPerConnection(limits.calls().callsPerConnectionMax());
  }

  /**
   * The methods that only check and hand over are run by the network's threads: to wake another for
   * each message costs more than they do themselves.
   */
  private static ServerCallExecutorSupplier threadsOf(Executor threads) {
    Set<String> quick =
        Set.of(
            ChatServiceGrpc.getSendMessageMethod().getFullMethodName(),
            ChatServiceGrpc.getSendMessagesMethod().getFullMethodName(),
            ChatServiceGrpc.getAcknowledgeMessagesMethod().getFullMethodName());
    return new ServerCallExecutorSupplier() {
      @Override
      public <Q, A> @Nullable Executor getExecutor(ServerCall<Q, A> call, Metadata metadata) {
        return quick.contains(call.getMethodDescriptor().getFullMethodName()) ? null : threads;
      }
    };
  }

  /** Lets clients notice dead connections quickly; for servers on a network. */
  public void permitKeepAlive(ServerBuilder<?> server) {
    server
        .permitKeepAliveTime(KEEP_ALIVE_PERMIT_SECONDS, TimeUnit.SECONDS)
        .permitKeepAliveWithoutCalls(true);
  }

  /**
   * A command has been applied, and queries see it. Called for every command in log order, on every
   * server whatever its role.
   *
   * @param index its log index
   */
  public void onApplied(long index, Command command, Outcome outcome) {
    streams.onApplied(command, outcome);
  }

  /**
   * This server begins to act as primary. Called once a time in office: a view change that leaves
   * it in the role is {@link #suspendStreams} and {@link #resumeStreams}.
   *
   * @param reign a number that no other time in office of any server has, for instance the epoch of
   *     the view that it began with; positive
   */
  public void becamePrimary(long reign) {
    streams.becamePrimary(reign);
    health.setPrimary(true);
  }

  /**
   * This server acts as primary no longer. Receivers' streams end with the status of the reason.
   */
  public void lostPrimary(BackendException reason) {
    health.setPrimary(false);
    streams.lostPrimary(ErrorMapping.status(reason, true));
  }

  /** A view change has begun: receivers' streams pause, unnoticed by their clients. */
  public void suspendStreams() {
    streams.suspendAll();
  }

  /** The view change left this server in its role: the streams go on. */
  public void resumeStreams() {
    streams.resumeAll();
  }

  /** {@link StreamRegistry#visited}. */
  int streamsVisited() {
    return streams.visited();
  }

  /** Says NOT_SERVING for good and ends the streams; then the server may be shut down. */
  public void stop() {
    health.stop();
    streams.lostPrimary(ErrorMapping.status(new BackendException.ShuttingDown(), true));
  }

  /** Ends the threads. Called after the server has terminated. */
  @Override
  public void close() {
    clock.shutdownNow();
    passwords.close();
    threads.shutdown();
  }

  private void every(Duration interval, Runnable task) {
    long nanos = interval.toNanos();
    // What was missed is made up for: a stream that is silent for too long is given up by its
    // client.
    var unused = clock.scheduleAtFixedRate(() -> guarded(task), nanos, nanos, TimeUnit.NANOSECONDS);
  }

  private static void guarded(Runnable task) {
    try {
      task.run();
    } catch (RuntimeException | Error e) {
      // What got out would end the ticks, and with them every stream's heartbeats.
      log.error("A tick failed; the next one tries again", e);
    }
  }

  /** For clients that are older than reflection's version 1. */
  @SuppressWarnings("deprecation")
  private static io.grpc.BindableService reflectionV1Alpha() {
    return io.grpc.protobuf.services.ProtoReflectionService.newInstance();
  }
}
