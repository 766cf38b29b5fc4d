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
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A process such as {@link NamespaceClient} as its parent sees it: commands in, events out.
 * Thread-safe.
 */
public final class NamespaceProcess implements AutoCloseable {
  private final Process process;
  private final BufferedWriter commands;
  private final Consumer<Event> listener;
  private final List<Event> events = new ArrayList<>();

  /** One line of the client's; the time is the wall clock's, which all hosts share. */
  public record Event(String what, long millis, String name, List<String> words) {
    static Event parse(String line) {
      List<String> words = Arrays.asList(line.split("\t", -1));
      return new Event(
          words.get(0), Long.parseLong(words.get(1)), words.get(2), words.subList(3, words.size()));
    }

    /** The message's id, where the event has one. */
    public long id() {
      return Long.parseLong(words.get(0));
    }
  }

  private NamespaceProcess(Process process, @Nullable Consumer<Event> listener) {
    this.process = process;
    this.listener = listener == null ? this::remember : listener;
    this.commands =
        new BufferedWriter(
            new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8));
  }

  /** Starts a client of these servers on a host; what it complains about goes to the log. */
  static NamespaceProcess start(int host, String addresses, Path log) throws IOException {
    List<String> program = List.of("-Xmx128m", NamespaceClient.class.getName(), addresses);
    return start(NetworkNamespaces.on(host, command(program)), log, null);
  }

  /** The command of a small virtual machine with this one's class path. */
  public static List<String> command(List<String> program) {
    List<String> command =
        new ArrayList<>(
            List.of(
                NamespacedCluster.java(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path")));
    command.addAll(program);
    return command;
  }

  /**
   * Starts any such process; what it complains about goes to the log.
   *
   * @param listener told of each event on a thread of its own; if there is none, they are kept
   */
  public static NamespaceProcess start(
      List<String> command, Path log, @Nullable Consumer<Event> listener) throws IOException {
    NamespaceProcess started =
        new NamespaceProcess(
            new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start(),
            listener);
    Thread reader = new Thread(started::read, "events of " + log.getFileName());
    reader.setDaemon(true);
    reader.start();
    return started;
  }

  private void read() {
    try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        listener.accept(Event.parse(line));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void remember(Event event) {
    synchronized (events) {
      events.add(event);
    }
  }

  public void tell(String... words) {
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
