package chat.server;

import chat.server.replication.ServerId;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A server that runs as a child process and writes to {@code server.log} in its directory. */
final class ServerProcess {
  private static final int TAIL_LINES = 5;

  private final ServerId id;
  private final Path directory;
  private final Process process;

  private ServerProcess(ServerId id, Path directory, Process process) {
    this.id = id;
    this.directory = directory;
    this.process = process;
  }

  /**
   * Starts a server with this process's Java and class path.
   *
   * @param javaOptions for its virtual machine
   * @param flags after its number
   */
  static ServerProcess start(
      ServerId id, Path directory, List<String> javaOptions, List<String> flags)
      throws IOException {
    Files.createDirectories(directory);
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(javaOptions);
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(Main.class.getName());
    command.add(id.toString());
    command.addAll(flags);
    command.add("--data");
    command.add(directory.toString());
    File log = directory.resolve("server.log").toFile();
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log))
            .start();
    return new ServerProcess(id, directory, process);
  }

  ServerId id() {
    return id;
  }

  Path directory() {
    return directory;
  }

  long pid() {
    return process.pid();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** Of a process that has ended. */
  int exitCode() {
    return process.exitValue();
  }

  /** Completes when the process has ended. */
  CompletableFuture<Process> onExit() {
    return process.onExit();
  }

  /** Asks it to stop in order. */
  void requestStop() {
    process.destroy();
  }

  /** Waits; kills it where it has not stopped by then. Whether that was not needed. */
  boolean awaitStop(long millis) throws InterruptedException {
    if (process.waitFor(millis, TimeUnit.MILLISECONDS)) {
      return true;
    }
    process.destroyForcibly().waitFor();
    return false;
  }

  /** The last lines that it wrote. */
  List<String> tail() throws IOException {
    // Decoded leniently: a log may hold anything.
    String text =
        new String(Files.readAllBytes(directory.resolve("server.log")), StandardCharsets.UTF_8);
    List<String> lines = text.lines().toList();
    return lines.subList(Math.max(0, lines.size() - TAIL_LINES), lines.size());
  }
}
