package chat.server;

import chat.server.admin.AdminEndpoint;
import chat.server.api.ChatEndpoint;
import chat.server.api.Limits;
import chat.server.api.PasswordCost;
import chat.server.replication.Identity;
import chat.server.replication.Ready;
import chat.server.replication.Replica;
import chat.server.replication.ServerId;
import chat.server.replication.Settings;
import chat.server.replication.Status;
import chat.server.runtime.AppliedState;
import chat.server.runtime.Applier;
import chat.server.runtime.LogRetention;
import chat.server.runtime.ReplicaLoop;
import chat.server.runtime.Watchdog;
import chat.server.transport.ClientPort;
import chat.server.transport.GrpcPeerNetwork;
import chat.server.transport.LifeSocketProbe;
import chat.server.transport.RefusalProbe;
import io.grpc.Server;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One running server: everything wired together. Thread-safe. */
public final class ChatServer implements AutoCloseable {
  private static final Logger logger = LoggerFactory.getLogger(ChatServer.class);

  /** A failure that no order of stopping survives: the process ends at once (R14). */
  private static final int EXIT_FATAL = 70;

  private static final long DRAIN_MILLIS = 300;

  private final Recovery disk;
  private final Applier applier;
  private final ReplicaLoop loop;
  private final Watchdog watchdog;
  private final RefusalProbe probe;
  private final GrpcPeerNetwork network;
  private final ClientPort port;
  private final DiskSpace space;
  private final ReplicatedBackend backend;
  private final AddressBook addresses;
  private final PlannedHandOver handOver;
  private final ChatEndpoint endpoint;
  private final ServerAdmin admin;
  private final Server server;
  private final CompletableFuture<End> end = new CompletableFuture<>();
  private volatile boolean silent;
  private boolean closed;

  /**
   * Starts a server on what was found on its disk. The process's life socket is bound already.
   *
   * @throws BindException if a port is taken
   */
  static ChatServer start(
      ServerConfig config, DataDirectory directory, Recovery disk, ServerTls tls)
      throws IOException {
    return new ChatServer(config, directory, disk, tls);
  }

  private ChatServer(ServerConfig config, DataDirectory directory, Recovery found, ServerTls tls)
      throws IOException {
    ServerId self = config.id();
    disk = found;
    Path database = directory.databaseDirectory();
    applier = new Applier(disk.state(), disk.log(), failure -> dieOfApplying(database, failure));
    Replica replica =
        new Replica(
            new Identity(
                self,
                new TreeSet<>(config.cluster().members().keySet()),
                directory.diskId(),
                UUID.randomUUID().toString(),
                config.address().toString()),
            Settings.DEFAULT.withAssumeCrashed(config.assumeCrashed()),
            disk.hardState(),
            disk.restored(),
            new SplittableRandom(),
            System.nanoTime());
    loop =
        new ReplicaLoop(
            replica,
            disk.log(),
            disk.hardStates(),
            applier,
            new LogRetention(config.limits().logKeepBytes()),
            ChatServer::die);
    watchdog = new Watchdog(loop::rounds, ChatServer::die);
    handOver = new PlannedHandOver(self);
    addresses =
        new AddressBook(self, config.cluster(), changed -> follow(self, directory, changed));
    network =
        new GrpcPeerNetwork(
            self, config.address().peer().resolved(), peers(self, config.cluster()), tls.peers());
    backend = new ReplicatedBackend(loop, disk.state().queries(), addresses, network.clocks());
    endpoint =
        new ChatEndpoint(
            backend,
            disk.state().queries(),
            limits(config.limits()),
            new PasswordCost(
                config.limits().passwordMemoryKib(), config.limits().passwordIterations(), 1),
            new SecureRandom());
    space = DiskSpace.watch(directory.path(), config.limits().diskReserveBytes(), loop::diskIsLow);
    probe = new RefusalProbe(RefusalProbe.Settings.DEFAULT);
    port =
        new ClientPort(
            config.listen().resolved(),
            tls.clients(),
            OpenFiles.connections(config.limits().connectionsMax()));
    server = listen(config);
    ServerSnapshots snapshots =
        new ServerSnapshots(directory, disk, loop::status, space::requireRoom);
    admin =
        new ServerAdmin(
            config,
            directory,
            disk,
            loop,
            addresses,
            snapshots,
            applier::appliedIndex,
            this::stopServing,
            this::standStill,
            end::isDone,
            this::end);
    network.start(loop, snapshots, List.of(new AdminEndpoint(admin)));
    applier.start(this::tell);
    loop.start(
        network,
        new LifeSocketProbe(this::lifeSocket, probe),
        statuses(new RoleWatch(endpoint, backend)),
        this::end);
    watchdog.start();
    logger.info("server {} listens for clients on {}", self, config.listen());
  }

  private static Map<ServerId, InetSocketAddress> peers(ServerId self, ClusterAddresses cluster) {
    Map<ServerId, InetSocketAddress> peers = new HashMap<>();
    cluster.members().forEach((id, at) -> peers.put(id, at.peer().unresolved()));
    peers.remove(self);
    return peers;
  }

  private void follow(ServerId self, DataDirectory directory, ClusterAddresses cluster) {
    network.use(peers(self, cluster));
    try {
      directory.keep(cluster);
    } catch (IOException e) {
      die(e);
    }
  }

  private @Nullable InetSocketAddress lifeSocket(ServerId id) {
    MemberAddress address = addresses.of(id);
    return address == null ? null : address.life().unresolved();
  }

  private Consumer<Status> statuses(RoleWatch roles) {
    return status -> {
      addresses.learn(status);
      handOver.changed(status);
      backend.changed(status);
      roles.changed(status);
      if (status.primary() != null) {
        applier.somebodyServes();
        ClassPreloading.start();
      }
    };
  }

  private void end(Ready.Ending ending) {
    end(new End.Replaced(ending));
  }

  private void tell(AppliedState.Applied applied) {
    var command = applied.command();
    if (command != null) {
      endpoint.onApplied(applied.position().index(), command, applied.outcome());
    }
  }

  private Server listen(ServerConfig config) throws IOException {
    NettyServerBuilder builder = port.builder();
    endpoint.addTo(builder);
    endpoint.limitConnections(builder);
    endpoint.permitKeepAlive(builder);
    try {
      return builder.build().start();
    } catch (IOException e) {
      BindException taken = new BindException("Cannot listen on " + config.listen() + ".");
      taken.initCause(e);
      throw taken;
    }
  }

  private static Limits limits(ServerLimits flags) {
    return Limits.builder()
        .textBytesMax(flags.textBytesMax())
        .requestBytesMax(flags.requestBytesMax())
        .inboxMessagesMax(flags.inboxMessagesMax())
        .pageSizeDefault(flags.pageSizeDefault())
        .pageSizeMax(flags.pageSizeMax())
        .streamsMax(flags.streamsMax())
        .throttling(flags.throttling())
        .calls(flags.calls())
        .build();
  }

  private static void dieOfApplying(Path database, Throwable failure) {
    // An IOException is the log's, which says nothing against the database.
    if (!(failure instanceof IOException)) {
      try {
        Recovery.distrust(database);
      } catch (IOException e) {
        failure.addSuppressed(e);
      }
    }
    die(failure);
  }

  private static void die(Throwable failure) {
    logger.error("this server stops at once: {}", failure.getMessage(), failure);
    Runtime.getRuntime().halt(EXIT_FATAL);
  }

  /** Where the servers are, as far as this one has learned. */
  ClusterAddresses addresses() {
    return addresses.current();
  }

  /** Ends its run; the first reason counts. Whoever waits for it closes this server. */
  void end(End reason) {
    end.complete(reason);
  }

  /** Waits until its run is to end. */
  End awaitEnd() throws InterruptedException {
    try {
      return end.get();
    } catch (ExecutionException e) {
      throw new IllegalStateException("nothing completes it with a failure", e);
    }
  }

  /** Waits for an operator's command that builds what this data directory holds next. */
  void awaitCommands() {
    admin.awaitQuiet();
  }

  /** Refuses clients from now on. */
  private void stopServing() {
    backend.stop();
    endpoint.stop();
  }

  /** Takes no part in anything any more, without a word to the others; the disk stays open. */
  private void standStill() {
    silent = true;
    watchdog.close();
    stopServing();
    loop.fallSilent();
    applier.close();
  }

  /**
   * Stops it in order: another server becomes primary if this one is, no new calls, what is under
   * way is answered, the others are told goodbye so that one of them takes over at once, the
   * database is closed. Closing again does nothing.
   */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    logger.info("stopping");
    watchdog.close();
    if (!silent) {
      handOver.run(loop::change);
      stopServing();
    }
    server.shutdown();
    try {
      var unused = server.awaitTermination(DRAIN_MILLIS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    loop.close();
    server.shutdownNow();
    port.close();
    addresses.close();
    network.close();
    applier.close();
    probe.close();
    space.close();
    endpoint.close();
    disk.state().close();
    try {
      disk.log().close();
    } catch (IOException e) {
      logger.error("closing the log: {}", e.getMessage(), e);
    }
  }
}
