package chat.client.demo;

import chat.client.ClusterStatus;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A cluster of real server processes on this machine, made to be killed: ports that nobody uses,
 * data in a temporary directory, all of it gone after {@link #close} and when this virtual machine
 * exits. A cluster on the usual ports is not touched.
 *
 * <p>The servers' class path is the system property {@value #CLASS_PATH}, else this process's own;
 * the file with options of their virtual machines is {@value #JAVA_OPTIONS}, else the checkout's.
 *
 * <p>Thread-safe; the same server is not to be started and killed at the same time.
 */
public final class LocalCluster implements AutoCloseable {
  static final String CLASS_PATH = "chat.server.class.path";
  static final String JAVA_OPTIONS = "chat.server.options";

  private static final int PORTS_A_SERVER = 3;

  /** More often, and what asks takes its processor from servers that start. */
  private static final long POLL_MILLIS = 100;

  private final Path directory;
  private final Map<Integer, ServerChild> servers = new TreeMap<>();
  private final Thread exitHook = new Thread(this::end, "kill-servers");
  private final AtomicBoolean ended = new AtomicBoolean();
  private volatile boolean kept;

  private LocalCluster(int size, int born, @Nullable Path certificates, List<String> serverFlags) {
    try {
      directory = Files.createTempDirectory("chat-cluster-");
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot make a temporary directory.", e);
    }
    Path authorities = certificates == null ? null : certificates.resolve("ca.pem");
    int base = FreePorts.block(PORTS_A_SERVER * size);
    for (int id = 1; id <= size; id++) {
      List<String> command = serverMachine();
      String known =
          IntStream.rangeClosed(1, Math.max(id, born))
              .mapToObj(other -> other + "=" + address(base + PORTS_A_SERVER * (other - 1)))
              .collect(Collectors.joining(","));
      command.addAll(List.of("chat.server.Main", Integer.toString(id), "--cluster", known));
      command.addAll(List.of("--data", directory.resolve("server-" + id).toString()));
      if (certificates != null) {
        command.addAll(List.of("--tls", certificates.toString()));
      }
      command.addAll(serverFlags);
      int port = base + PORTS_A_SERVER * (id - 1);
      servers.put(
          id,
          new ServerChild(
              id, port, command, directory.resolve("server-" + id + ".log"), authorities));
    }
    Runtime.getRuntime().addShutdownHook(exitHook);
  }

  private static String address(int port) {
    return "127.0.0.1:" + port + ":" + (port + 1) + ":" + (port + 2);
  }

  /**
   * A cluster that is not started yet.
   *
   * @param size how many servers, numbered from 1 on
   * @param serverFlags more flags for each of them
   */
  public static LocalCluster create(int size, String... serverFlags) {
    return new LocalCluster(size, size, null, List.of(serverFlags));
  }

  /**
   * A cluster that is not started yet, of servers 1 to {@code born}. Those after them are started
   * to be added, each with the addresses of all before it.
   */
  public static LocalCluster createToGrow(int born, int size, String... serverFlags) {
    return new LocalCluster(size, born, null, List.of(serverFlags));
  }

  /**
   * One that encrypts everything.
   *
   * @param certificates a directory of {@code run/make-certs}
   */
  public static LocalCluster createEncrypted(int size, Path certificates, String... serverFlags) {
    return new LocalCluster(size, size, certificates, List.of(serverFlags));
  }

  /**
   * How a server's virtual machine is started, up to its main class: with what the system
   * properties {@value #CLASS_PATH} and {@value #JAVA_OPTIONS} say, else as this class says.
   */
  public static List<String> serverMachine() {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    javaOptions().ifPresent(file -> command.add("@" + file));
    command.add("-cp");
    command.add(System.getProperty(CLASS_PATH, System.getProperty("java.class.path")));
    return command;
  }

  private static Optional<Path> javaOptions() {
    String named = System.getProperty(JAVA_OPTIONS);
    if (named != null) {
      return Optional.of(Path.of(named));
    }
    // Tests run in a module's directory, one below the checkout's.
    return Stream.iterate(Path.of("").toAbsolutePath(), place -> place != null, Path::getParent)
        .map(place -> place.resolve("run").resolve("server.options"))
        .filter(Files::isRegularFile)
        .findFirst();
  }

  /** The numbers of all servers. */
  public List<Integer> ids() {
    return List.copyOf(servers.keySet());
  }

  /** Those whose process runs, paused or not. */
  public List<Integer> aliveIds() {
    return servers.values().stream().filter(ServerChild::isAlive).map(ServerChild::id).toList();
  }

  /** Where clients connect to, all servers, separated by commas. */
  public String addresses() {
    return servers.values().stream().map(ServerChild::address).collect(Collectors.joining(","));
  }

  /** Where operators connect to, all servers, separated by commas. */
  public String adminAddresses() {
    return servers.values().stream().map(ServerChild::peerAddress).collect(Collectors.joining(","));
  }

  /** The data directory of a server. */
  public Path data(int id) {
    return directory.resolve("server-" + server(id).id());
  }

  /** Holds a log and the data of each server, until the cluster is closed. */
  public Path directory() {
    return directory;
  }

  /** Of a server that runs. */
  public long pid(int id) {
    return server(id).pid();
  }

  /** Starts all of them, without waiting. */
  public LocalCluster startAll() {
    servers.values().forEach(ServerChild::start);
    return this;
  }

  /** Starts servers, without waiting. */
  public void start(int... ids) {
    Arrays.stream(ids).forEach(id -> server(id).start());
  }

  /** {@code kill -9}, all of them at the same moment; returns when they are gone. */
  public void killHard(int... ids) throws InterruptedException {
    Arrays.stream(ids).forEach(id -> server(id).signalKill());
    for (int id : ids) {
      server(id).awaitEnd();
    }
  }

  /** Stops servers in order; returns when they are gone. */
  public void stop(int... ids) throws InterruptedException {
    Arrays.stream(ids).forEach(id -> server(id).signalStop());
    for (int id : ids) {
      server(id).awaitEnd();
    }
  }

  /** With what the server that was stopped or killed last ended. */
  public int lastExitCode(int id) {
    return server(id).lastExitCode();
  }

  /** Stops a server in order and starts it again. */
  public void restart(int id) throws InterruptedException {
    stop(id);
    start(id);
  }

  /** Freezes a server's process as it stands. */
  public void pause(int id) throws InterruptedException {
    server(id).signal("STOP");
  }

  /** Lets a frozen server go on. */
  public void resume(int id) throws InterruptedException {
    server(id).signal("CONT");
  }

  /** What the acting primary says, which is asked itself; empty while nobody acts. */
  public Optional<ClusterStatus> status() {
    for (ServerChild server : servers.values()) {
      Optional<ClusterStatus> seen = server.status();
      if (seen.isPresent() && servesAs(seen.get(), server.id())) {
        return seen;
      }
    }
    return Optional.empty();
  }

  private static boolean servesAs(ClusterStatus status, int id) {
    return status
        .primary()
        .filter(primary -> primary.serverId() == id)
        .filter(primary -> primary.role() == ClusterStatus.Role.PRIMARY)
        .isPresent();
  }

  /** The server that acts as primary. */
  public int primaryId() {
    return status()
        .map(ClusterStatus::primaryId)
        .orElseThrow(() -> failure("No server acts as primary."));
  }

  /** Waits until somebody serves. */
  public ClusterStatus awaitServing(Duration patience) throws InterruptedException {
    return await("Nobody serves", patience, status -> true);
  }

  /** Waits until every server is in the view, which means that it has caught up. */
  public ClusterStatus awaitComplete(Duration patience) throws InterruptedException {
    return awaitMembers(servers.size(), patience);
  }

  /** Waits until so many servers are in the view. */
  public ClusterStatus awaitMembers(int count, Duration patience) throws InterruptedException {
    return await(
        "There are not " + count + " servers in the view",
        patience,
        status -> status.viewMemberIds().size() == count);
  }

  private ClusterStatus await(String lack, Duration patience, Predicate<ClusterStatus> wanted)
      throws InterruptedException {
    long deadline = System.nanoTime() + patience.toNanos();
    Optional<ClusterStatus> status = Optional.empty();
    while (System.nanoTime() - deadline < 0) {
      status = status();
      if (status.filter(wanted).isPresent()) {
        return status.get();
      }
      for (ServerChild server : servers.values()) {
        if (server.exitCode().isPresent()) {
          throw failure(
              "Server " + server.id() + " ended with exit code " + server.exitCode().get() + ".");
        }
      }
      TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
    }
    throw failure(
        lack
            + " after "
            + patience.toMillis() / 1000.0
            + " s; "
            + status.map(ClusterStatus::summary).orElse("no primary answers."));
  }

  /** How a server's process ended, if it has ended by itself. */
  public Optional<Integer> exitCode(int id) {
    return server(id).exitCode();
  }

  private ServerChild server(int id) {
    ServerChild server = servers.get(id);
    if (server == null) {
      throw new IllegalArgumentException("No server " + id + " among " + servers.keySet() + ".");
    }
    return server;
  }

  private IllegalStateException failure(String sentence) {
    keep();
    return new IllegalStateException(
        servers.values().stream()
            .map(server -> "\n--- server " + server.id() + "\n" + server.tail())
            .collect(Collectors.joining("", sentence + " Logs: " + directory, "")));
  }

  /** Has logs and data stay after {@link #close}, for somebody to look into. */
  public void keep() {
    kept = true;
  }

  /** Kills every server and deletes logs and data, unless they are to be kept. */
  @Override
  public void close() {
    end();
    try {
      Runtime.getRuntime().removeShutdownHook(exitHook);
    } catch (IllegalStateException e) {
      // The virtual machine exits: the hook runs already and finds nothing left to do.
    }
  }

  private void end() {
    if (!ended.compareAndSet(false, true)) {
      return;
    }
    servers.values().forEach(ServerChild::signalKill);
    try {
      for (ServerChild server : servers.values()) {
        server.awaitEnd();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (kept) {
      System.err.println("The servers' logs and data are kept in " + directory);
      return;
    }
    try (Stream<Path> paths = Files.walk(directory)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    } catch (IOException e) {
      System.err.println("Could not delete " + directory + ": " + e);
    }
  }
}
