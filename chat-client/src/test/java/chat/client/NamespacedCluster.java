package chat.client;

import chat.client.demo.LocalCluster;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Real servers, each alone on one of the {@link Hosts}. Thread-safe. */
public final class NamespacedCluster implements AutoCloseable {
  static final int SIZE = 3;

  private static final int CLIENT_PORT = 7401;
  private static final int PEER_PORT = 7411;
  private static final int LIFE_PORT = 7421;
  private static final long END_SECONDS_MAX = 10;
  private static final long ADMIN_SECONDS_MAX = 30;

  private final Hosts hosts;
  private final int size;
  private final Path directory;

  // Guarded by this.
  private final Map<Integer, Process> servers = new TreeMap<>();
  private boolean closed;

  private NamespacedCluster(Hosts hosts, int size, Path directory) {
    this.hosts = hosts;
    this.size = size;
    this.directory = directory;
  }

  /** A cluster that is not started yet; its data and its logs are in the directory. */
  public static NamespacedCluster create(Hosts hosts, int size, Path directory) {
    return new NamespacedCluster(hosts, size, directory);
  }

  /** Starts three servers in namespaces. */
  static NamespacedCluster start(Path directory) throws IOException {
    NamespacedCluster cluster = create(Hosts.NAMESPACES, SIZE, directory);
    try {
      for (int id : cluster.ids()) {
        cluster.start(id);
      }
    } catch (IOException e) {
      cluster.close();
      throw e;
    }
    return cluster;
  }

  /** The numbers of the servers: server N is on host N. */
  public List<Integer> ids() {
    return IntStream.rangeClosed(1, size).boxed().toList();
  }

  /** Starts a server that does not run. What it says goes to its log. */
  public synchronized void start(int id) throws IOException {
    if (closed) {
      throw new IllegalStateException("The cluster is closed.");
    }
    if (isAlive(id)) {
      throw new IllegalStateException("Server " + id + " runs already.");
    }
    String members =
        ids().stream()
            .map(
                member ->
                    String.format(
                        "%d=%s:%d:%d:%d",
                        member, hosts.address(member), CLIENT_PORT, PEER_PORT, LIFE_PORT))
            .collect(Collectors.joining(","));
    // The options of run/server: pauses of another collector would be another server's.
    List<String> command = LocalCluster.serverMachine();
    command.addAll(
        List.of("chat.server.Main", Integer.toString(id), "--cluster", members, "--insecure"));
    command.addAll(List.of("--data", data(id).toString()));
    command.addAll(List.of("--password-memory-kib", "64", "--password-iterations", "1"));
    // A full disk is to end a server here, not to be avoided.
    command.addAll(List.of("--disk-reserve", "0"));
    command.addAll(List.of("--inbox-max", "1000000"));
    File log = log(id).toFile();
    servers.put(
        id,
        new ProcessBuilder(hosts.on(id, command))
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log))
            .start());
  }

  static String java() {
    return Path.of(System.getProperty("java.home"), "bin", "java").toString();
  }

  /** Where a server's data is. */
  public Path data(int id) {
    return directory.resolve("data-" + id);
  }

  /** What a server has said, in all its starts. */
  public Path log(int id) {
    return directory.resolve("server-" + id + ".log");
  }

  /** A server's address for clients. */
  public String address(int id) {
    return hosts.address(id) + ":" + CLIENT_PORT;
  }

  /** All addresses for clients. */
  public String addresses() {
    return ids().stream().map(this::address).collect(Collectors.joining(","));
  }

  /**
   * Has an operator command something, on a host that reaches all servers. What it says goes to a
   * log.
   *
   * @return whether the command succeeded
   */
  public boolean admin(String... words) throws IOException, InterruptedException {
    String peers =
        ids().stream()
            .map(id -> hosts.address(id) + ":" + PEER_PORT)
            .collect(Collectors.joining(","));
    List<String> program = new ArrayList<>(List.of("chat.server.AdminCommand", "--servers", peers));
    program.addAll(List.of(words));
    Process command =
        new ProcessBuilder(hosts.on(NetworkNamespaces.HUB, NamespaceProcess.command(program)))
            .redirectErrorStream(true)
            .redirectOutput(
                ProcessBuilder.Redirect.appendTo(directory.resolve("admin.log").toFile()))
            .start();
    if (!command.waitFor(ADMIN_SECONDS_MAX, TimeUnit.SECONDS)) {
      command.destroyForcibly();
      return false;
    }
    return command.exitValue() == 0;
  }

  /** Whether a server's process runs, frozen or not. */
  public synchronized boolean isAlive(int id) {
    Process server = servers.get(id);
    return server != null && server.isAlive();
  }

  /** The exit code of a server that was started and has ended by itself. */
  public synchronized OptionalInt exitCode(int id) {
    Process server = servers.get(id);
    return server == null || server.isAlive()
        ? OptionalInt.empty()
        : OptionalInt.of(server.exitValue());
  }

  /** As {@code kill -9}, all of them at the same moment; returns when they are gone. */
  public synchronized void kill(int... ids) throws InterruptedException {
    List<Process> killed = new ArrayList<>();
    for (int id : ids) {
      Process server = servers.remove(id);
      if (server != null) {
        killed.add(server.destroyForcibly());
      }
    }
    for (Process server : killed) {
      if (!server.waitFor(END_SECONDS_MAX, TimeUnit.SECONDS)) {
        throw new IllegalStateException("Killed, but still there: " + server.pid());
      }
    }
  }

  /** Sends STOP or CONT to those of the servers that run. */
  public synchronized void signal(String name, int... ids)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("kill", "-" + name));
    for (int id : ids) {
      Process server = servers.get(id);
      if (server != null && server.isAlive()) {
        command.add(Long.toString(server.pid()));
      }
    }
    if (command.size() > 2 && new ProcessBuilder(command).inheritIO().start().waitFor() != 0) {
      throw new IOException("failed: " + command);
    }
  }

  @Override
  public synchronized void close() {
    closed = true;
    servers.values().forEach(Process::destroyForcibly);
    servers.values().forEach(server -> server.onExit().join());
    servers.clear();
  }
}
