package chat.server;

import chat.admin.v1.AdminServiceGrpc;
import chat.admin.v1.BackupRequest;
import chat.admin.v1.BackupResponse;
import chat.admin.v1.GetServerStatusRequest;
import chat.admin.v1.GetServerStatusResponse;
import chat.server.transport.IncomingFile;
import io.grpc.ChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** An operator's connections to the servers of a cluster, at their peer ports. One thread's. */
final class AdminClient implements AutoCloseable {
  private static final Logger logger = LoggerFactory.getLogger(AdminClient.class);
  private static final long STATUS_MILLIS = 2_000;

  /** How long a command waits for a primary, and how often it looks. */
  private static final long BETWEEN_VIEWS_MILLIS = 3_000;

  private static final long ASK_AGAIN_MILLIS = 50;
  private static final long POLL_MILLIS = 100;

  /** Of a command: as long as working on all of the data may take. */
  private static final long COMMAND_MINUTES = 60;

  private final Map<HostPort, ManagedChannel> channels = new LinkedHashMap<>();

  /** A server that answers, and what it says of itself. */
  record Seen(HostPort address, GetServerStatusResponse status) {
    int id() {
      return status.getServerId();
    }
  }

  /**
   * @param credentials of an operator
   */
  AdminClient(List<HostPort> servers, ChannelCredentials credentials) {
    for (HostPort server : servers) {
      channels.computeIfAbsent(
          server,
          at ->
              NettyChannelBuilder.forAddress(at.resolved(), credentials)
                  .keepAliveTime(10, TimeUnit.SECONDS)
                  .build());
    }
  }

  /**
   * Every server that answers, in the order of their numbers.
   *
   * @throws CommandFailure if none does
   */
  List<Seen> servers() {
    List<Seen> seen = new ArrayList<>();
    channels.keySet().forEach(at -> ask(at).ifPresent(seen::add));
    if (seen.isEmpty()) {
      throw new CommandFailure(
          CommandFailure.UNREACHABLE,
          "No server answers at "
              + channels.keySet()
              + ": start one, name the servers' peer ports with --servers, or, where they want"
              + " certificates, give an operator's with --tls.");
    }
    seen.sort(Comparator.comparingInt(Seen::id));
    return seen;
  }

  private Optional<Seen> ask(HostPort at) {
    ManagedChannel channel = channel(at);
    // A server that was not up yet is asked again at once, not after the back-off.
    channel.resetConnectBackoff();
    try {
      return Optional.of(
          new Seen(
              at,
              AdminServiceGrpc.newBlockingStub(channel)
                  .withDeadlineAfter(STATUS_MILLIS, TimeUnit.MILLISECONDS)
                  .getServerStatus(GetServerStatusRequest.getDefaultInstance())));
    } catch (StatusRuntimeException e) {
      logger.debug("{} does not say how it is", at, e);
      if (e.getStatus().getCode() == Status.Code.PERMISSION_DENIED) {
        throw new CommandFailure(
            CommandFailure.FAILED, at + " refuses: " + e.getStatus().getDescription() + ".", e);
      }
      return Optional.empty();
    }
  }

  /** The server that takes writes; a change of view, which is over soon, is waited out. */
  Seen primary() {
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(BETWEEN_VIEWS_MILLIS);
    while (true) {
      List<Seen> all = servers();
      for (Seen server : all) {
        if (server.status().getServing()) {
          return server;
        }
      }
      if (System.nanoTime() - deadline >= 0) {
        throw new CommandFailure(
            CommandFailure.FAILED, "No server is primary: " + all.get(0).status().getSummary());
      }
      try {
        TimeUnit.MILLISECONDS.sleep(ASK_AGAIN_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new CommandFailure(CommandFailure.FAILED, "Interrupted.");
      }
    }
  }

  /** One server by its number. */
  Seen server(int id) {
    return servers().stream()
        .filter(server -> server.id() == id)
        .findFirst()
        .orElseThrow(
            () ->
                new CommandFailure(
                    CommandFailure.UNREACHABLE,
                    "Server " + id + " does not answer: start it, or name it in --servers."));
  }

  /**
   * Asks one server again and again until it is as wanted.
   *
   * @throws CommandFailure if it is not within the time
   */
  Seen await(Seen server, long seconds, Predicate<GetServerStatusResponse> wanted, String lack)
      throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    while (System.nanoTime() - deadline < 0) {
      Optional<Seen> now = ask(server.address());
      if (now.filter(seen -> wanted.test(seen.status())).isPresent()) {
        return now.get();
      }
      TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
    }
    throw new CommandFailure(CommandFailure.FAILED, lack);
  }

  /** Has one server carry out a command. */
  <A> A call(Seen server, Function<AdminServiceGrpc.AdminServiceBlockingStub, A> command) {
    try {
      return command.apply(
          AdminServiceGrpc.newBlockingStub(channel(server.address()))
              .withDeadlineAfter(COMMAND_MINUTES, TimeUnit.MINUTES));
    } catch (StatusRuntimeException e) {
      throw failure(server, e.getStatus(), e);
    }
  }

  /** Fetches a backup into a new file, forced. */
  void backup(Seen server, Path file) throws IOException {
    try (IncomingFile arriving = new IncomingFile(file)) {
      Iterator<BackupResponse> parts =
          call(server, stub -> stub.backup(BackupRequest.getDefaultInstance()));
      while (parts.hasNext()) {
        BackupResponse part = parts.next();
        arriving.add(part.getData());
        if (part.hasSummary()) {
          arriving.finish(part.getSummary().getSizeBytes(), part.getSummary().getCrc32C());
        }
      }
      if (!arriving.isWhole()) {
        throw new IOException("The backup ended before it was whole.");
      }
    } catch (StatusRuntimeException e) {
      throw failure(server, e.getStatus(), e);
    }
  }

  /** For calls that are not answered at once. */
  AdminServiceGrpc.AdminServiceStub calls(Seen server) {
    return AdminServiceGrpc.newStub(channel(server.address()))
        .withDeadlineAfter(COMMAND_MINUTES, TimeUnit.MINUTES);
  }

  /** What an operator reads of a call that failed. */
  static CommandFailure failure(Seen server, Status status, Throwable cause) {
    String why = status.getDescription();
    if (status.getCode() == Status.Code.UNAVAILABLE) {
      return new CommandFailure(
          CommandFailure.UNREACHABLE,
          "Server "
              + server.id()
              + " stopped answering, and whether it has done it is not known: see 'run/admin"
              + " status'.",
          cause);
    }
    return new CommandFailure(
        CommandFailure.FAILED,
        "Server "
            + server.id()
            + ": "
            + (why != null ? why : "it failed with " + status.getCode() + "."),
        cause);
  }

  private ManagedChannel channel(HostPort at) {
    ManagedChannel channel = channels.get(at);
    if (channel == null) {
      throw new IllegalArgumentException("no server at " + at);
    }
    return channel;
  }

  @Override
  public void close() {
    channels.values().forEach(ManagedChannel::shutdownNow);
  }
}
