package chat.server.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.api.Test;

class GrowingIdsTest {
  @Test
  void aLimitIsGreaterThanWhatWasMadeBeforeItAndNotThanWhatIsMadeLater() {
    long seed = System.nanoTime() & 0xffffff;
    Random dice = new Random(seed);
    for (int i = 0; i < 10_000; i++) {
      long millis = 1_700_000_000_000L + (dice.nextLong() >>> 24);
      String limit = GrowingIds.limit(millis * 1_000 + dice.nextInt(1_000));
      long before = millis - (dice.nextLong() >>> dice.nextInt(24, 64));
      long later = millis + 1 + (dice.nextLong() >>> dice.nextInt(24, 64));
      assertThat(limit).as("seed %d", seed).isGreaterThan(made(Math.max(0, before), dice));
      assertThat(limit).as("seed %d", seed).isLessThan(made(later, dice));
    }
  }

  /** As RFC 9562 says. */
  private static String made(long millis, Random dice) {
    String time = String.format(Locale.ROOT, "%012x", millis);
    return String.format(
        Locale.ROOT,
        "%s-%s-7%03x-%04x-%012x",
        time.substring(0, 8),
        time.substring(8),
        dice.nextInt(1 << 12),
        0x8000 | dice.nextInt(1 << 14),
        dice.nextLong() >>> 16);
  }
}
