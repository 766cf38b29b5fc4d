package chat.client;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Three real servers, each alone on a host of {@link NetworkNamespaces}. */
final class NamespacedCluster implements AutoCloseable {
  static final int SIZE = 3;

  private static final int CLIENT_PORT = 7401;
  private static final int PEER_PORT = 7411;
  private static final int LIFE_PORT = 7421;

  private final Path directory;
  private final Map<Integer, Process> servers = new HashMap<>();

  private NamespacedCluster(Path directory) {
    this.directory = directory;
  }

  /** Starts server N on host N. What it says goes to {@code server-N.log} in the directory. */
  static NamespacedCluster start(Path directory) throws IOException {
    NamespacedCluster cluster = new NamespacedCluster(directory);
    try {
      for (int id = 1; id <= SIZE; id++) {
        cluster.start(id);
      }
    } catch (IOException e) {
      cluster.close();
      throw e;
    }
    return cluster;
  }

  private void start(int id) throws IOException {
    String members =
        IntStream.rangeClosed(1, SIZE)
            .mapToObj(
                member ->
                    String.format("%d=%s:%d:%d", member, address(member), PEER_PORT, LIFE_PORT))
            .collect(Collectors.joining(","));
    List<String> command = new ArrayList<>();
    command.add(java());
    // The options of run/server: pauses of another collector would be another server's.
    command.add("@" + Path.of("..", "run", "server.options").toAbsolutePath().normalize());
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), "chat.server.Main"));
    command.addAll(List.of(Integer.toString(id), "--cluster", members, "--insecure"));
    command.addAll(List.of("--data", directory.resolve("data-" + id).toString()));
    command.addAll(List.of("--password-memory-kib", "64", "--password-iterations", "1"));
    command.addAll(List.of("--inbox-max", "1000000"));
    File log = directory.resolve("server-" + id + ".log").toFile();
    servers.put(
        id,
        new ProcessBuilder(NetworkNamespaces.on(id, command))
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log))
            .start());
  }

  static String java() {
    return Path.of(System.getProperty("java.home"), "bin", "java").toString();
  }

  /** A server's address for clients. */
  static String address(int id) {
    return NetworkNamespaces.address(id) + ":" + CLIENT_PORT;
  }

  /** All addresses for clients. */
  static String addresses() {
    return IntStream.rangeClosed(1, SIZE)
        .mapToObj(NamespacedCluster::address)
        .collect(Collectors.joining(","));
  }

  boolean isAlive(int id) {
    Process server = servers.get(id);
    return server != null && server.isAlive();
  }

  /** As {@code kill -9}. */
  void kill(int id) throws InterruptedException {
    Process server = servers.remove(id);
    if (server != null) {
      server.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
    }
  }

  @Override
  public void close() {
    servers.values().forEach(Process::destroyForcibly);
    servers.values().forEach(server -> server.onExit().join());
    servers.clear();
  }
}
