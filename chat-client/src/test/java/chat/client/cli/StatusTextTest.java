package chat.client.cli;

import static org.assertj.core.api.Assertions.assertThat;

import chat.client.ClusterStatus;
import chat.client.ClusterStatus.Role;
import java.util.List;
import org.jline.utils.AttributedString;
import org.junit.jupiter.api.Test;

class StatusTextTest {
  private static ClusterStatus.Server server(int id, Role role, long durable) {
    return new ClusterStatus.Server(
        id, "127.0.0.1:740" + id, role, role != Role.UNREACHABLE, durable, durable);
  }

  private static List<String> text(ClusterStatus status) {
    return new StatusText(status, false).lines();
  }

  @Test
  void tellsRolesLagViewAndWhatMayFail() {
    List<String> lines =
        text(
            new ClusterStatus(
                List.of(server(1, Role.BACKUP, 98_766), server(2, Role.PRIMARY, 100_000)),
                2,
                7,
                List.of(1, 2),
                1,
                List.of(),
                "Server 2 is primary."));
    assertThat(lines)
        .containsExactly(
            "Server 2 is primary.",
            "",
            "ID  ROLE         CLIENTS         BEHIND",
            " 1  backup       127.0.0.1:7401   1,234",
            " 2  primary      127.0.0.1:7402       0",
            "",
            "View 7: servers 1, 2.",
            "One more crash and service stops being redundant.");
  }

  @Test
  void tellsWhomItWaitsFor() {
    List<String> lines =
        text(
            new ClusterStatus(
                List.of(server(1, Role.RECOVERING, 5), server(2, Role.UNREACHABLE, 0)),
                0,
                7,
                List.of(1, 2),
                0,
                List.of(2),
                "Nobody serves: waiting for server 2."));
    assertThat(lines)
        .contains(" 2  unreachable  127.0.0.1:7402       ?")
        .endsWith("Nobody serves now.", "Waiting for server 2.");
  }

  @Test
  void aHostileServersWordsAreHarmless() {
    ClusterStatus hostile =
        new ClusterStatus(
            List.of(
                new ClusterStatus.Server(1, "\u001b[2J:1", Role.UNKNOWN, true, -5, Long.MAX_VALUE)),
            99,
            -1,
            List.of(),
            Integer.MAX_VALUE,
            List.of(),
            "a\u001b]0;title\u0007b\nc");
    assertThat(String.join("\n", text(hostile)))
        .doesNotContain("\u001b")
        .doesNotContain("\u0007")
        .contains("a\\u{1b}]0;title\\u{7}b\\nc");
  }

  @Test
  void isBrokenBetweenWordsInANarrowWindow() {
    assertThat(wrapped("one two three", 7)).containsExactly("one two", "three");
    assertThat(wrapped("one two three", 6)).containsExactly("one", "two", "three");
    assertThat(wrapped("onetwothree four", 4)).containsExactly("onet", "woth", "ree", "four");
    assertThat(wrapped("", 4)).containsExactly("");
    assertThat(wrapped("漢字漢字 漢字漢字漢字 abc", 9)).containsExactly("漢字漢字", "漢字漢字", "漢字 abc");
    assertThat(wrapped("漢字", 1)).containsExactly("漢", "字");
  }

  private static List<String> wrapped(String line, int columns) {
    return StatusWatch.wrapped(new AttributedString(line), columns).stream()
        .map(AttributedString::toString)
        .toList();
  }
}
