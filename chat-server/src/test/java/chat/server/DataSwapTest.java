package chat.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A swap that stops after any of its steps, and after any step of finishing it. */
class DataSwapTest {
  private static final List<String> PARTS = List.of("state", "log", "db");

  @TempDir Path root;
  private final List<String> outcomes = new ArrayList<>();

  /** Thrown after a step: nothing of the swap runs any more, as after a crash. */
  private static final class Crash extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  @Test
  void aCrashAfterAnyStepLeavesAllOfTheOldOrAllOfTheNew() throws Exception {
    crashEverywhere(Optional.of("aside-1-1"));
    assertThat(outcomes).contains("old", "new").doesNotHaveDuplicates();
  }

  @Test
  void theSameWhereTheOldIsNotKept() throws Exception {
    crashEverywhere(Optional.empty());
    assertThat(outcomes).contains("old", "new").doesNotHaveDuplicates();
  }

  private void crashEverywhere(Optional<String> aside) throws IOException {
    int steps = 0;
    boolean crashed = true;
    while (crashed) {
      steps++;
      Path directory = fill(Files.createDirectory(root.resolve("first-" + steps)), "old");
      crashed = !runs(directory, steps, swap -> swapIn(swap, aside));
      // And the start that finishes it crashes too, anywhere.
      crashWhileFinishing(directory, aside);
    }
    assertThat(steps).as("steps that a crash may follow").isGreaterThan(12);
  }

  private void crashWhileFinishing(Path left, Optional<String> aside) throws IOException {
    boolean crashed = true;
    for (int steps = 1; crashed; steps++) {
      Path directory = copy(left, root.resolve(left.getFileName() + "-then-" + steps));
      crashed = !runs(directory, steps, DataSwap::finish);
      new DataSwap(directory).finish();
      requireWhole(directory, aside);
    }
  }

  private void requireWhole(Path directory, Optional<String> aside) throws IOException {
    Map<String, String> found = contents(directory);
    String now = Objects.requireNonNull(found.get("log/one"), "the log is gone");
    Map<String, String> expected = new TreeMap<>(parts("", now));
    if (now.equals("new") && aside.isPresent()) {
      expected.putAll(parts(aside.get() + "/", "old"));
    }
    assertThat(found).isEqualTo(expected);
    if (!outcomes.contains(now)) {
      outcomes.add(now);
    }
  }

  private interface Work {
    void on(DataSwap swap) throws IOException;
  }

  private static boolean runs(Path directory, int steps, Work work) throws IOException {
    int[] left = {steps};
    DataSwap swap =
        new DataSwap(
            directory,
            step -> {
              if (--left[0] == 0) {
                throw new Crash();
              }
            });
    try {
      work.on(swap);
      return true;
    } catch (Crash e) {
      return false;
    }
  }

  private static void swapIn(DataSwap swap, Optional<String> aside) throws IOException {
    fill(swap.begin(), "new");
    swap.decide(PARTS, aside);
    swap.finish();
  }

  @Test
  void partsThatAreNotNamedStay() throws Exception {
    fill(root, "old");
    DataSwap swap = new DataSwap(root);
    Files.writeString(Files.createDirectory(swap.begin().resolve("db")).resolve("one"), "new");
    swap.decide(List.of("db"), Optional.empty());
    swap.finish();
    assertThat(contents(root))
        .isEqualTo(Map.of("state", "old", "log/one", "old", "log/two", "old", "db/one", "new"));
  }

  @Test
  void aPartThatIsMissingIsNotedBeforeAnythingIsDecided() throws Exception {
    fill(root, "old");
    DataSwap swap = new DataSwap(root);
    swap.begin();
    assertThatThrownBy(() -> swap.decide(PARTS, Optional.empty()))
        .isInstanceOf(IllegalArgumentException.class);
    swap.finish();
    assertThat(contents(root)).isEqualTo(parts("", "old"));
  }

  @Test
  void namesOfWhatIsKeptAreNeverUsedTwice() throws Exception {
    DataSwap swap = new DataSwap(root);
    Files.createDirectory(root.resolve("aside-257-1"));
    assertThat(swap.asideName(257)).isEqualTo("aside-257-2");
    assertThat(swap.asideName(1)).isEqualTo("aside-1-1");
  }

  private static Path fill(Path directory, String content) throws IOException {
    for (String file : parts("", content).keySet()) {
      Path path = directory.resolve(file);
      Files.createDirectories(path.getParent());
      Files.writeString(path, content);
    }
    return directory;
  }

  private static Map<String, String> parts(String in, String content) {
    Map<String, String> parts = new TreeMap<>();
    for (String file : List.of("state", "log/one", "log/two", "db/one")) {
      parts.put(in + file, content);
    }
    return parts;
  }

  private static Map<String, String> contents(Path directory) throws IOException {
    Map<String, String> contents = new TreeMap<>();
    try (Stream<Path> paths = Files.walk(directory)) {
      for (Path path : paths.filter(Files::isRegularFile).toList()) {
        contents.put(directory.relativize(path).toString(), Files.readString(path));
      }
    }
    return contents;
  }

  private static Path copy(Path from, Path to) throws IOException {
    try (Stream<Path> paths = Files.walk(from)) {
      paths.forEach(
          path -> {
            try {
              Files.copy(path, to.resolve(from.relativize(path).toString()));
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
    }
    return to;
  }
}
