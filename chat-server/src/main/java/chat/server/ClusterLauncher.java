package chat.server;

import chat.server.replication.ServerId;
import chat.v1.GetClusterStatusResponse;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Runs all servers of a cluster as child processes until it is told to stop. {@link #run} belongs
 * to one thread, {@link #stop} to a shutdown hook.
 */
final class ClusterLauncher {
  private static final long SERVING_SECONDS_MAX = 60;
  private static final long WHOLE_SECONDS_MAX = 5;
  private static final long POLL_MILLIS = 100;
  private static final long STOP_MILLIS_MAX = 10_000;

  private final ClusterAddresses cluster;
  private final Path data;
  private final @Nullable Path tls;
  private final List<String> javaOptions;
  private final PrintWriter out;
  private final List<ServerProcess> servers = new ArrayList<>();
  private volatile boolean stopping;

  /**
   * Starts nothing yet.
   *
   * @param data holds a directory {@code server-N} for each server
   * @param tls the directory of the certificates; null for no encryption
   * @param javaOptions for the servers' virtual machines
   */
  ClusterLauncher(
      ClusterAddresses cluster,
      Path data,
      @Nullable Path tls,
      List<String> javaOptions,
      PrintWriter out) {
    this.cluster = cluster;
    this.data = data;
    this.tls = tls;
    this.javaOptions = javaOptions;
    this.out = out;
  }

  /** Starts the servers, says when they serve, and returns when all have ended; the exit code. */
  int run() throws IOException, InterruptedException {
    List<String> flags = new ArrayList<>(List.of("--cluster", cluster.toString()));
    // What an earlier start kept does not count: all servers are started here, all alike.
    flags.addAll(tls == null ? List.of("--no-tls") : List.of("--tls", tls.toString()));
    out.println("Starting " + cluster.members().size() + " server(s), data in " + data + " ...");
    synchronized (servers) {
      for (ServerId id : cluster.members().keySet()) {
        servers.add(ServerProcess.start(id, directoryOf(id), javaOptions, flags));
      }
    }
    int failed = awaitServing();
    if (failed != 0) {
      stop();
      return failed;
    }
    CompletableFuture.allOf(
            servers.stream()
                .map(server -> server.onExit().thenRun(() -> tellEnd(server)))
                .toArray(CompletableFuture<?>[]::new))
        .join();
    if (!stopping) {
      out.println("No server is left.");
    }
    return stopping ? 0 : 1;
  }

  private @Nullable Path authority() {
    return tls == null ? null : tls.resolve(TlsConfig.CLIENT_AUTHORITY);
  }

  private Path directoryOf(ServerId id) {
    return data.resolve("server-" + id);
  }

  private int awaitServing() throws IOException, InterruptedException {
    long start = System.nanoTime();
    try (ClusterWatch watch = new ClusterWatch(cluster, ClientSideTls.toClientPorts(authority()))) {
      long servingSince = 0;
      while (!stopping) {
        for (ServerProcess server : servers) {
          if (!server.isAlive()) {
            tellFailedStart(server);
            return server.exitCode() == 0 ? 1 : server.exitCode();
          }
        }
        Optional<GetClusterStatusResponse> status = watch.status();
        boolean serving = status.isPresent() && ClusterWatch.isServing(status.get());
        if (serving && servingSince == 0) {
          servingSince = System.nanoTime();
        }
        boolean waitedForAll = serving && secondsSince(servingSince) >= WHOLE_SECONDS_MAX;
        if (status.isPresent() && (ClusterWatch.isWhole(status.get()) || waitedForAll)) {
          printTable(status.get(), secondsSince(start));
          return 0;
        }
        if (secondsSince(start) > SERVING_SECONDS_MAX) {
          out.println(
              "Nobody serves after "
                  + SERVING_SECONDS_MAX
                  + " s: "
                  + status
                      .map(GetClusterStatusResponse::getSummary)
                      .orElse("no server answers. Look into " + data + "/server-*/server.log."));
          return 1;
        }
        TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
      }
    }
    return 0;
  }

  private static double secondsSince(long nanos) {
    return (System.nanoTime() - nanos) / 1e9;
  }

  private void printTable(GetClusterStatusResponse status, double seconds) {
    out.println(
        String.format(Locale.ROOT, "Serving after %.1f s. %s", seconds, status.getSummary()));
    out.println();
    String row = "%-7s %-10s %-22s %-8s %s";
    out.println(String.format(Locale.ROOT, row, "SERVER", "ROLE", "CLIENTS", "PID", "LOG"));
    for (ServerProcess server : servers) {
      out.println(
          String.format(
              Locale.ROOT,
              row,
              server.id(),
              ClusterWatch.role(status, server.id()),
              cluster.of(server.id()).client(),
              server.pid(),
              server.directory().resolve("server.log")));
    }
    out.println();
    out.println("Now, in another terminal:");
    out.println("  run/client" + clientFlags() + "            chat");
    out.println("  run/client status" + clientFlags() + "     who is what");
    out.println("  kill -9 PID           take the primary away and go on chatting");
    out.println("Ctrl-C here stops all servers; their data stays.");
  }

  private String clientFlags() {
    String encrypted = tls == null ? "" : " --tls-ca " + authority();
    if (cluster.equals(ClusterAddresses.local(3, ClusterAddresses.BASE_PORT))) {
      return encrypted;
    }
    return cluster.members().values().stream()
        .map(member -> member.client().toString())
        .collect(Collectors.joining(",", " --servers ", encrypted));
  }

  private void tellFailedStart(ServerProcess server) throws IOException {
    out.println("Server " + server.id() + " did not start (exit code " + server.exitCode() + "):");
    server.tail().forEach(line -> out.println("  " + line));
  }

  private void tellEnd(ServerProcess server) {
    if (!stopping) {
      out.println(
          "Server "
              + server.id()
              + " (pid "
              + server.pid()
              + ") has ended with exit code "
              + server.exitCode()
              + ". To start it again: run/server "
              + server.id()
              + " --data "
              + server.directory());
    }
  }

  /** Stops every server that runs: asks, waits, and kills what has not stopped by then. */
  void stop() {
    stopping = true;
    synchronized (servers) {
      List<ServerProcess> running = servers.stream().filter(ServerProcess::isAlive).toList();
      running.forEach(ServerProcess::requestStop);
      long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(STOP_MILLIS_MAX);
      for (ServerProcess server : running) {
        try {
          long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
          if (!server.awaitStop(Math.max(1, left))) {
            out.println("Server " + server.id() + " did not stop in time and was killed.");
          }
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          return;
        }
      }
    }
  }
}
