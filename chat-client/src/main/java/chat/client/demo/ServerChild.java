package chat.client.demo;

import chat.client.ChatClient;
import chat.client.ChatException;
import chat.client.ClusterStatus;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One server of a {@link LocalCluster}: its command, its log, and its process of the moment. */
final class ServerChild {
  private static final int TAIL_LINES = 20;
  private static final int CONNECT_MILLIS = 200;
  private static final long STOP_SECONDS_MAX = 20;

  private final int id;
  private final int clientPort;
  private final List<String> command;
  private final Path log;
  private final @Nullable Path authorities;

  // Everything below is guarded by this.
  private @Nullable Process process;
  private @Nullable ChatClient client;
  private boolean paused;
  private @Nullable Integer lastExitCode;

  /**
   * @param authorities that vouch for its certificate; null where it has none
   */
  ServerChild(int id, int clientPort, List<String> command, Path log, @Nullable Path authorities) {
    this.id = id;
    this.clientPort = clientPort;
    this.command = List.copyOf(command);
    this.log = log;
    this.authorities = authorities;
  }

  int id() {
    return id;
  }

  String address() {
    return "127.0.0.1:" + clientPort;
  }

  /** The port after the clients' one is the peers'. */
  String peerAddress() {
    return "127.0.0.1:" + (clientPort + 1);
  }

  synchronized void start() {
    if (isAlive()) {
      throw new IllegalStateException("Server " + id + " runs already.");
    }
    forgetProcess();
    try {
      process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
              .start();
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot start server " + id + ".", e);
    }
  }

  synchronized boolean isAlive() {
    return process != null && process.isAlive();
  }

  /** The exit code of a server that was started and has ended by itself. */
  synchronized Optional<Integer> exitCode() {
    return process == null || process.isAlive()
        ? Optional.empty()
        : Optional.of(process.exitValue());
  }

  /** Of the process that was told to end last. */
  synchronized int lastExitCode() {
    if (lastExitCode == null) {
      throw new IllegalStateException("Server " + id + " was not told to end.");
    }
    return lastExitCode;
  }

  synchronized long pid() {
    if (process == null) {
      throw new IllegalStateException("Server " + id + " was not started.");
    }
    return process.pid();
  }

  /** Kills without a warning and without waiting. */
  synchronized void signalKill() {
    if (process != null) {
      process.destroyForcibly();
    }
  }

  /** Asks to stop in order, without waiting. */
  synchronized void signalStop() {
    if (process != null) {
      process.destroy();
    }
  }

  /** Waits until a process that was told to end has ended; kills it where it takes too long. */
  synchronized void awaitEnd() throws InterruptedException {
    if (process != null && !process.waitFor(STOP_SECONDS_MAX, TimeUnit.SECONDS)) {
      process.destroyForcibly().waitFor();
    }
    lastExitCode = process == null ? lastExitCode : Integer.valueOf(process.exitValue());
    forgetProcess();
  }

  private synchronized void forgetProcess() {
    if (client != null) {
      client.close();
    }
    client = null;
    process = null;
    paused = false;
  }

  /** {@code STOP} or {@code CONT}. */
  synchronized void signal(String name) throws InterruptedException {
    try {
      Process kill =
          new ProcessBuilder("kill", "-" + name, Long.toString(pid())).inheritIO().start();
      if (kill.waitFor() != 0) {
        throw new IllegalStateException("kill -" + name + " failed for server " + id + ".");
      }
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot run kill.", e);
    }
    paused = name.equals("STOP");
  }

  /** The cluster as this server sees it; empty if it does not run or does not answer. */
  Optional<ClusterStatus> status() {
    try {
      // Asked without the lock: a kill must not wait for an answer.
      ChatClient asked = client();
      return asked == null ? Optional.empty() : Optional.of(asked.clusterStatus());
    } catch (IOException | ChatException e) {
      // Not up yet, or just killed: whoever waits asks again.
      return Optional.empty();
    }
  }

  private synchronized @Nullable ChatClient client() throws IOException {
    if (!isAlive() || paused) {
      return null;
    }
    if (client == null) {
      // A client that met a closed port would wait before it tries again.
      try (Socket probe = new Socket()) {
        probe.connect(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), clientPort), CONNECT_MILLIS);
      }
      ChatClient.Builder builder = ChatClient.builder().servers(address());
      client = (authorities == null ? builder : builder.tls(authorities)).build();
    }
    return client;
  }

  /** The last lines of its log. */
  String tail() {
    try {
      List<String> lines =
          new String(Files.readAllBytes(log), StandardCharsets.UTF_8).lines().toList();
      return String.join("\n", lines.subList(Math.max(0, lines.size() - TAIL_LINES), lines.size()));
    } catch (IOException e) {
      return "(no log: " + e.getMessage() + ")";
    }
  }
}
