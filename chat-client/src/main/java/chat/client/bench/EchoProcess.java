package chat.client.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** An {@link EchoServer} in a process of its own, with the options of a chat server's. */
final class EchoProcess implements AutoCloseable {
  private final Process process;
  private final String address;

  private EchoProcess(Process process, String address) {
    this.process = process;
    this.address = address;
  }

  /**
   * Starts one.
   *
   * @param executor {@code pool} or {@code direct}
   */
  static EchoProcess start(String executor) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    String options = System.getProperty("chat.server.options");
    if (options != null) {
      command.add("@" + options);
    }
    command.addAll(
        List.of(
            "-cp", System.getProperty("java.class.path"), EchoServer.class.getName(), executor));
    try {
      Process process =
          new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
      BufferedReader out =
          new BufferedReader(
              new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
      String address = out.readLine();
      if (address == null) {
        throw new IllegalStateException("The echo server ended at once.");
      }
      return new EchoProcess(process, address);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot start the echo server.", e);
    }
  }

  String address() {
    return address;
  }

  long pid() {
    return process.pid();
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
