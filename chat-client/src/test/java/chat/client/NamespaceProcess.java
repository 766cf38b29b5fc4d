package chat.client;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** A {@link NamespaceClient} as its parent sees it: commands in, events out. Thread-safe. */
final class NamespaceProcess implements AutoCloseable {
  private final Process process;
  private final BufferedWriter commands;
  private final List<Event> events = new ArrayList<>();

  /** One line of the client's; the time is the wall clock's, which all hosts share. */
  record Event(String what, long millis, String name, List<String> words) {
    static Event parse(String line) {
      List<String> words = Arrays.asList(line.split("\t", -1));
      return new Event(
          words.get(0), Long.parseLong(words.get(1)), words.get(2), words.subList(3, words.size()));
    }

    /** The message's id, where the event has one. */
    long id() {
      return Long.parseLong(words.get(0));
    }
  }

  private NamespaceProcess(Process process) {
    this.process = process;
    this.commands =
        new BufferedWriter(
            new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8));
  }

  /** Starts a client of these servers on a host; what it complains about goes to the log. */
  static NamespaceProcess start(int host, String addresses, Path log) throws IOException {
    List<String> command =
        NetworkNamespaces.on(
            host,
            List.of(
                NamespacedCluster.java(),
                "-Xmx128m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                NamespaceClient.class.getName(),
                addresses));
    NamespaceProcess started =
        new NamespaceProcess(
            new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start());
    Thread reader = new Thread(started::read, "events of host " + host);
    reader.setDaemon(true);
    reader.start();
    return started;
  }

  private void read() {
    try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        Event event = Event.parse(line);
        synchronized (events) {
          events.add(event);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  void tell(String... words) {
    try {
      commands.write(String.join("\t", words));
      commands.newLine();
      commands.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** All events so far. */
  Stream<Event> events() {
    synchronized (events) {
      return List.copyOf(events).stream();
    }
  }

  /** All events of a kind and a name so far. */
  Stream<Event> events(String what, String name) {
    return events().filter(event -> event.what().equals(what) && event.name().equals(name));
  }

  @Override
  public void close() {
    process.destroyForcibly().onExit().join();
  }
}
