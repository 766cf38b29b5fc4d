package chat.server.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class NameFilterTest {
  @Test
  void aStarIsAnyRunAndAQuestionMarkOneCharacter() {
    assertThat(new NameFilter("*").matches("")).isTrue();
    assertThat(new NameFilter("a*").matches("a")).isTrue();
    assertThat(new NameFilter("a*").matches("ba")).isFalse();
    assertThat(new NameFilter("*a").matches("bca")).isTrue();
    assertThat(new NameFilter("a?c").matches("abc")).isTrue();
    assertThat(new NameFilter("a?c").matches("ac")).isFalse();
    assertThat(new NameFilter("a?").matches("a")).isFalse();
    assertThat(new NameFilter("?*").matches("")).isFalse();
    assertThat(new NameFilter("*ab*ab").matches("abaab")).isTrue();
  }

  @Test
  void everythingElseIsLiteral() {
    assertThat(new NameFilter("a.c").matches("abc")).isFalse();
    assertThat(new NameFilter("a.c").matches("a.c")).isTrue();
    assertThat(new NameFilter("a_c").matches("abc")).isFalse();
    assertThat(new NameFilter("%").matches("abc")).isFalse();
    assertThat(new NameFilter("[a-c]\\").matches("[a-c]\\")).isTrue();
  }

  @Test
  void anEmptyFilterMatchesEveryName() {
    assertThat(new NameFilter("").matches("anyone")).isTrue();
    assertThat(new NameFilter("").prefix()).isEmpty();
  }

  @Test
  void thePrefixIsWhatEveryMatchBeginsWith() {
    assertThat(new NameFilter("ab*c").prefix()).isEqualTo("ab");
    assertThat(new NameFilter("ab?c").prefix()).isEqualTo("ab");
    assertThat(new NameFilter("abc").prefix()).isEqualTo("abc");
    assertThat(new NameFilter("*abc").prefix()).isEmpty();
  }

  @Test
  void matchesWhatTheSameRegularExpressionMatches() {
    long seed = Long.getLong("filter.seed", System.nanoTime() & 0xffffff);
    Random dice = new Random(seed);
    for (int i = 0; i < 20_000; i++) {
      String filter = text(dice, "aab*?.", 8);
      String name = text(dice, "aab.", 10);
      String expression =
          filter.isEmpty() ? ".*" : filter.replace(".", "\\.").replace("*", ".*").replace("?", ".");
      NameFilter names = new NameFilter(filter);
      boolean matches = Pattern.matches(expression, name);
      assertThat(names.matches(name))
          .as("filter %s, name %s, seed %d", filter, name, seed)
          .isEqualTo(matches);
      if (matches) {
        assertThat(name).startsWith(names.prefix());
      }
    }
  }

  @Test
  void noPatternIsSlow() {
    String name = "a".repeat(32);
    NameFilter filter = new NameFilter("*a".repeat(5_000) + "b");
    NameFilter other = new NameFilter("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b");
    org.junit.jupiter.api.Assertions.assertTimeoutPreemptively(
        Duration.ofSeconds(5),
        () -> {
          for (int i = 0; i < 20_000; i++) {
            assertThat(filter.matches(name)).isFalse();
            assertThat(other.matches(name)).isFalse();
          }
        });
  }

  private static String text(Random dice, String of, int atMost) {
    StringBuilder text = new StringBuilder();
    for (int left = dice.nextInt(atMost + 1); left > 0; left--) {
      text.append(of.charAt(dice.nextInt(of.length())));
    }
    return text.toString();
  }
}
