package chat.client.chaos;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What a run has seen: the history, written as it happens, and the figures. Thread-safe. */
final class Findings implements AutoCloseable {
  private final BufferedWriter history;

  // Guarded by this.
  private final Map<String, Pauses> pauses = new TreeMap<>();
  private final Pauses returns = new Pauses();
  private final List<String> wrong = new ArrayList<>();
  private int faults;

  Findings(Path file) throws IOException {
    history = Files.newBufferedWriter(file);
  }

  /** For the history only. */
  synchronized void note(String words) {
    try {
      history.write(Instant.now() + " " + System.currentTimeMillis() + " " + words);
      history.newLine();
      history.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Something that must not be. */
  synchronized void wrong(String words) {
    wrong.add(words);
    note("WRONG: " + words);
  }

  /** How long nobody was answered after a fault, and while its victims came back. */
  synchronized void pause(String label, long millis, long returnMillis) {
    faults++;
    pauses.computeIfAbsent(label, unused -> new Pauses()).add(millis);
    returns.add(returnMillis);
  }

  synchronized int faults() {
    return faults;
  }

  synchronized Map<String, Pauses> pauses() {
    return new TreeMap<>(pauses);
  }

  /** Pauses while victims came back, of all kinds. */
  Pauses returns() {
    return returns;
  }

  synchronized List<String> wrong() {
    return List.copyOf(wrong);
  }

  @Override
  public void close() throws IOException {
    history.close();
  }
}
