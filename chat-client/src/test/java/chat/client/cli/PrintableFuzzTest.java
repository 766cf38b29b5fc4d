package chat.client.cli;

import static org.assertj.core.api.Assertions.assertThat;

import chat.client.ChatMessage;
import chat.client.ClusterStatus;
import chat.client.Delivery;
import chat.client.SentMessage;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Whatever others and servers say, a terminal only shows it. {@code -Dfuzz.seed=S} repeats. */
@Timeout(120)
class PrintableFuzzTest {
  /** What turns a line around, or the characters that do it for a stretch. */
  private static final String BIDI =
      "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069";

  private static final String INVISIBLE =
      "\u00ad\u034f\u115f\u1160\u17b4\u180e\u200b\u2060\u2061\u2064\u206a\u3164\ufeff\uffa0\ufff9";

  private final long seed = Long.getLong("fuzz.seed", System.nanoTime() & 0xffffff);
  private final Random dice = new Random(seed);

  @Test
  void everyCharacterOfUnicodeIsShownHarmlessly() {
    for (int c = 0; c <= Character.MAX_CODE_POINT; c++) {
      String shown = Printable.escape(new StringBuilder("a").appendCodePoint(c).toString());
      assertHarmless(shown);
      if (c >= 0x20 && c < 0x7f) {
        assertThat(shown).isEqualTo("a" + (char) c);
      }
    }
    (BIDI + INVISIBLE)
        .chars()
        .forEach(c -> assertThat(Printable.escape("" + (char) c)).startsWith("\\u{"));
    // Half a character comes from no protocol buffer, but from a file or an argument.
    assertThat(Printable.escape("\ud800x\udc00")).isEqualTo("\\u{d800}x\\u{dc00}");
  }

  @Test
  void nothingAServerSaysGetsThroughToTheTerminal() {
    System.out.println("PrintableFuzzTest: -Dfuzz.seed=" + seed);
    long cases = Long.getLong("fuzz.cases", 100_000) * 5 / 100;
    for (int round = 0; round < cases; round++) {
      String text = text();
      ChatMessage message = new ChatMessage(dice.nextLong(), text(), text(), text, Instant.EPOCH);
      assertHarmless(Printer.line(message, false));
      SentMessage sent =
          new SentMessage(1, Instant.EPOCH, Delivery.LIVE, dice.nextBoolean(), text());
      assertHarmless(Printer.receipt(sent, text()));
      assertThat(Json.write(Main.fields("text", text))).matches("[ -~]*");
      status().forEach(PrintableFuzzTest::assertHarmless);
    }
  }

  private List<String> status() {
    ClusterStatus.Role[] roles = ClusterStatus.Role.values();
    List<ClusterStatus.Server> servers = new ArrayList<>();
    for (int left = dice.nextInt(3); left > 0; left--) {
      servers.add(
          new ClusterStatus.Server(
              dice.nextInt(),
              text(),
              roles[dice.nextInt(roles.length)],
              dice.nextBoolean(),
              dice.nextLong(),
              dice.nextLong()));
    }
    ClusterStatus status =
        new ClusterStatus(
            servers,
            dice.nextInt(3),
            dice.nextLong(),
            List.of(dice.nextInt()),
            dice.nextInt(),
            List.of(),
            text());
    return new StatusText(status, false).lines();
  }

  /** Mostly what terminals and readers stumble over. */
  private String text() {
    String odd = BIDI + INVISIBLE + "\u001b[2J\u009b1m\u0007\r\n\t\u2028\u0085 \u05d0\u0627%s%n\\";
    StringBuilder text = new StringBuilder();
    for (int left = dice.nextInt(20); left > 0; left--) {
      int c = dice.nextBoolean() ? odd.charAt(dice.nextInt(odd.length())) : dice.nextInt(0x110000);
      text.appendCodePoint(c);
    }
    return text.toString();
  }

  private static void assertHarmless(String shown) {
    shown
        .codePoints()
        .forEach(
            c -> {
              int type = Character.getType(c);
              boolean joiner = c == 0x200c || c == 0x200d;
              boolean harmless =
                  type != Character.CONTROL
                      && type != Character.LINE_SEPARATOR
                      && type != Character.PARAGRAPH_SEPARATOR
                      && type != Character.SURROGATE
                      && (joiner || type != Character.FORMAT)
                      && INVISIBLE.indexOf(c) < 0
                      && BIDI.indexOf(c) < 0;
              if (!harmless) {
                throw new AssertionError(
                    String.format(Locale.ROOT, "U+%04X gets through in %s", c, shown));
              }
            });
  }
}
