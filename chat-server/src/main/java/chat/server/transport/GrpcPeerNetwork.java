package chat.server.transport;

import chat.common.CheckedRequests;
import chat.server.replication.Envelope;
import chat.server.replication.Message;
import chat.server.replication.ServerId;
import chat.server.runtime.PeerNetwork;
import io.grpc.BindableService;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallExecutorSupplier;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.netty.shaded.io.netty.channel.ChannelOption;
import io.grpc.netty.shaded.io.netty.channel.EventLoop;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.util.concurrent.DefaultThreadFactory;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The other servers over gRPC: a connection to each, and a port where they connect to this one.
 *
 * <p>Thread-safe. {@link Receiver}'s methods are called by two network threads, which do nothing
 * but read, write and hand over: a receiver that holds them up holds up all peers.
 */
public final class GrpcPeerNetwork implements PeerNetwork, Closeable {
  /** Of one message, as encoded: a batch of entries with all that is around them. */
  static final int MESSAGE_BYTES_MAX = 8 << 20;

  static final int CALLS_PER_CONNECTION_MAX = 128;

  private static final int THREADS = 2;

  // Six peers and some operators; a few of them reconnect while their old connections still stand.
  private static final int CONNECTIONS_MAX = 256;
  private static final int STRANGERS_MAX = 32;

  // Several batches fit on the way, so that a stream never waits for a window between two of them.
  private static final int WINDOW_BYTES = 4 << 20;
  private static final int CONNECT_TIMEOUT_MILLIS = 1000;
  private static final long KEEP_ALIVE_PERMIT_SECONDS = 1;
  private static final long CLOSING_MILLIS = 500;

  private final InetSocketAddress listen;
  private final PeerSecurity security;
  private final PeerGate gate;
  private final Map<ServerId, InetSocketAddress> peers = new TreeMap<>();
  private final RefusalLog refusals = new RefusalLog();
  private final PeerClocks clocks = new PeerClocks();
  private final ConnectionBounds bounds =
      new ConnectionBounds("peers' port", CONNECTIONS_MAX, STRANGERS_MAX);

  private final SocketTechnology technology = SocketTechnology.best();
  private volatile @Nullable Running running;

  private @Nullable Receiver receiver;

  private record Running(
      EventLoopGroup threads,
      ExecutorService waiting,
      Server server,
      ReplicationEndpoint endpoint,
      EventLoop linking,
      Map<ServerId, PeerLink> links) {}

  /** One without certificates. */
  GrpcPeerNetwork(ServerId self, InetSocketAddress listen, Map<ServerId, InetSocketAddress> peers) {
    this(self, listen, peers, PeerSecurity.none());
  }

  /**
   * A network that is silent until {@link #start}.
   *
   * @param self this server
   * @param listen where other servers reach this one; port 0 takes a free one
   * @param peers where this one reaches the others; host names are resolved at each connection, so
   *     unresolved addresses are welcome
   * @param security stays the caller's to close
   */
  public GrpcPeerNetwork(
      ServerId self,
      InetSocketAddress listen,
      Map<ServerId, InetSocketAddress> peers,
      PeerSecurity security) {
    if (peers.containsKey(self)) {
      throw new IllegalArgumentException("server " + self + " is not a peer of itself");
    }
    this.listen = listen;
    this.security = security;
    this.peers.putAll(peers);
    this.gate = new PeerGate(self, peers.keySet());
  }

  /** What time the others take it to be. */
  public PeerClocks clocks() {
    return clocks;
  }

  /** {@link #start(Receiver, SnapshotSource, List)} without snapshots and without more services. */
  public void start(Receiver receiver) throws IOException {
    start(receiver, SnapshotSource.NONE, List.of());
  }

  /**
   * Listens, and connects to every peer from now on.
   *
   * @param receiver gets what arrives, from now on and before this returns
   * @param snapshots for peers that ask for one
   * @param services more services on the same port, whose methods may wait
   * @throws IOException if it cannot listen; its text names the address and says why
   */
  public synchronized void start(
      Receiver receiver, SnapshotSource snapshots, List<? extends BindableService> services)
      throws IOException {
    if (running != null) {
      throw new IllegalStateException("started already");
    }
    this.receiver = receiver;
    ReplicationEndpoint endpoint =
        new ReplicationEndpoint(gate, receiver, snapshots, clocks, refusals);
    EventLoopGroup threads =
        new AcceptingLoops(THREADS, "peer-network", technology.handlers(), bounds);
    ExecutorService waiting =
        Executors.newCachedThreadPool(new DefaultThreadFactory("peer-files", true));
    Server server;
    try {
      server = listen(threads, waiting, endpoint, services);
    } catch (IOException e) {
      stop(threads);
      throw e;
    }
    Map<ServerId, PeerLink> links = new ConcurrentHashMap<>();
    // One for all links: what goes to every backup wakes one thread, and so do their answers.
    EventLoop linking = threads.next();
    running = new Running(threads, waiting, server, endpoint, linking, links);
    peers.forEach((id, address) -> links.put(id, link(id, address, linking, receiver)));
    links.values().forEach(PeerLink::start);
  }

  private PeerLink link(ServerId id, InetSocketAddress address, EventLoop loop, Receiver to) {
    return new PeerLink(id, gate, () -> channel(id, address, loop), loop, to, refusals);
  }

  /**
   * From now on these are the other servers, at these addresses: connections to those that are gone
   * or have moved are closed, to those that are new or have moved made. Not to be called by a
   * network thread, and only while it runs.
   */
  public synchronized void use(Map<ServerId, InetSocketAddress> others) {
    Running now = running;
    Receiver to = receiver;
    if (now == null || to == null || others.equals(peers)) {
      return;
    }
    gate.know(others.keySet());
    for (ServerId id : List.copyOf(peers.keySet())) {
      PeerLink link = now.links.get(id);
      if (link != null && !Objects.equals(peers.get(id), others.get(id))) {
        now.links.remove(id);
        var unused = link.close();
      }
    }
    peers.clear();
    peers.putAll(others);
    others.forEach(
        (id, address) -> {
          if (!now.links.containsKey(id)) {
            PeerLink link = link(id, address, now.linking, to);
            now.links.put(id, link);
            link.start();
          }
        });
  }

  /** Where this server listens, once started. */
  public int port() {
    Running now = running;
    return now == null ? listen.getPort() : now.server.getPort();
  }

  @Override
  public void send(Envelope envelope) {
    Running now = running;
    if (now == null) {
      return;
    }
    if (envelope.message() instanceof Message.Request request) {
      PeerLink link = now.links.get(envelope.to());
      if (link != null) {
        link.send(envelope, request);
      }
    } else {
      now.endpoint.answer(envelope);
    }
  }

  /** How many callers wait for an answer of this server. */
  int waiting() {
    Running now = running;
    return now == null ? 0 : now.endpoint.waiting();
  }

  boolean isConnectedTo(ServerId peer) {
    Running now = running;
    PeerLink link = now == null ? null : now.links.get(peer);
    return link != null && link.isConnected();
  }

  /**
   * Lets what was just sent get out, then closes every connection and the port: within about a
   * second. Not to be called by a network thread. Nothing is received afterwards.
   */
  @Override
  public synchronized void close() {
    Running now = running;
    running = null;
    if (now == null) {
      return;
    }
    now.server.shutdown();
    List<ManagedChannel> channels = new ArrayList<>();
    now.links.values().forEach(link -> channels.add(link.close()));
    now.endpoint.close();
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(CLOSING_MILLIS);
    try {
      for (ManagedChannel channel : channels) {
        channel.awaitTermination(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
      }
      now.server.awaitTermination(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    channels.forEach(ManagedChannel::shutdownNow);
    now.server.shutdownNow();
    now.waiting.shutdown();
    stop(now.threads);
  }

  private static void stop(EventLoopGroup threads) {
    threads
        .shutdownGracefully(0, CLOSING_MILLIS, TimeUnit.MILLISECONDS)
        .awaitUninterruptibly(CLOSING_MILLIS, TimeUnit.MILLISECONDS);
  }

  private Server listen(
      EventLoopGroup threads,
      ExecutorService waiting,
      ReplicationEndpoint endpoint,
      List<? extends BindableService> services)
      throws IOException {
    String where = listen.getHostString() + ":" + listen.getPort();
    InetSocketAddress resolved =
        listen.isUnresolved()
            ? new InetSocketAddress(listen.getHostString(), listen.getPort())
            : listen;
    if (resolved.isUnresolved()) {
      throw new IOException("cannot listen for other servers on " + where + ": unknown host");
    }
    Set<String> quick = ReplicationEndpoint.quickMethods();
    try {
      NettyServerBuilder builder = security.listenOn(resolved, refusals);
      services.forEach(service -> builder.addService(checked(service)));
      return builder
          .bossEventLoopGroup(threads)
          .workerEventLoopGroup(threads)
          .channelType(technology.listening())
          // Handlers of the replication only check and hand over; others read files and wait.
          .directExecutor()
          .callExecutor(waitingFor(quick, waiting))
          .maxInboundMessageSize(MESSAGE_BYTES_MAX)
          .maxConcurrentCallsPerConnection(CALLS_PER_CONNECTION_MAX)
          .flowControlWindow(WINDOW_BYTES)
          .handshakeTimeout(5, TimeUnit.SECONDS)
          // A peer whose host is gone leaves a connection that nobody closes.
          .keepAliveTime(10, TimeUnit.SECONDS)
          .keepAliveTimeout(5, TimeUnit.SECONDS)
          // Whoever waits for what takes minutes, a snapshot or a lineage, asks in the same way: by
          // default it would be sent away at the fourth time.
          .permitKeepAliveTime(KEEP_ALIVE_PERMIT_SECONDS, TimeUnit.SECONDS)
          .maxConnectionIdle(1, TimeUnit.MINUTES)
          .addService(checked(endpoint))
          .build()
          .start();
    } catch (IOException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw new IOException(
          "cannot listen for other servers on " + where + ": " + cause.getMessage(), e);
    }
  }

  /** What is not even a message is refused as such, and said no more often than other refusals. */
  private ServerServiceDefinition checked(BindableService service) {
    return CheckedRequests.of(
        service.bindService(), MESSAGE_BYTES_MAX, new UnreadableRequests(refusals));
  }

  private static ServerCallExecutorSupplier waitingFor(Set<String> quick, Executor waiting) {
    return new ServerCallExecutorSupplier() {
      @Override
      public <Q, A> @Nullable Executor getExecutor(ServerCall<Q, A> call, Metadata metadata) {
        boolean isQuick = quick.contains(call.getMethodDescriptor().getFullMethodName());
        return isQuick ? null : waiting;
      }
    };
  }

  private ManagedChannel channel(ServerId peer, InetSocketAddress address, EventLoopGroup threads) {
    return security
        .connectTo(peer, address)
        .eventLoopGroup(threads)
        .channelType(technology.connecting())
        .directExecutor()
        // Servers reach each other directly or not at all.
        .proxyDetector(target -> null)
        // The core repeats what it needs; gRPC would keep a copy of the stream in case.
        .disableRetry()
        .maxInboundMessageSize(MESSAGE_BYTES_MAX)
        .flowControlWindow(WINDOW_BYTES)
        .withOption(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_TIMEOUT_MILLIS)
        .build();
  }
}
