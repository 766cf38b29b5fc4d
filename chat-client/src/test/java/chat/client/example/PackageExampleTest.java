package chat.client.example;

import static org.assertj.core.api.Assertions.assertThat;

import chat.client.ChatMessage;
import chat.client.FakeCluster;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The description's example compiles, against the public API alone, and does what it says. */
class PackageExampleTest {
  private static final Path DESCRIPTION = Path.of("src/main/java/chat/client/package-info.java");
  private static final Path EXAMPLE =
      Path.of("src/test/java/chat/client/example/PackageExample.java");

  @Test
  void theDescriptionShowsThisExample() throws IOException {
    String shown =
        between(DESCRIPTION, "<pre>{@code\n", " * }</pre>")
            .lines()
            .map(line -> line.replaceFirst("^ \\* ?", ""))
            .collect(Collectors.joining("\n"))
            .stripTrailing();
    String compiled = between(EXAMPLE, "// example begins\n", "// example ends");
    assertThat(shown).isEqualTo(compiled.stripTrailing().stripIndent());
  }

  private static String between(Path file, String begin, String end) throws IOException {
    String text = Files.readString(file);
    int from = text.indexOf(begin) + begin.length();
    assertThat(from).as("%s in %s", begin, file).isGreaterThanOrEqualTo(begin.length());
    return text.substring(from, text.indexOf(end, from));
  }

  @Test
  void theExampleWorks() throws Exception {
    try (FakeCluster cluster = new FakeCluster(3)) {
      cluster.promote(3);
      List<String> shown = new ArrayList<>();
      PackageExample.talk(
          cluster.addresses(),
          "builder-bob",
          List.of("one", "two"),
          (ChatMessage message) -> shown.add(message.text()));
      assertThat(shown).containsExactly("Are you there?", "No hurry.", "one", "two");
      assertThat(cluster.acknowledged("bob")).isEqualTo(4);
    }
  }
}
