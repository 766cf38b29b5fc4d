package chat.server.fuzz;

import java.util.Random;

/**
 * How much is tried and from where: {@code -Dfuzz.cases=N} is what all the fuzz tests do together,
 * {@code -Dfuzz.seed=S} repeats a run, as far as threads let it.
 */
public final class Fuzz {
  private static final int CASES_DEFAULT = 100_000;

  private Fuzz() {}

  /** A test's share of the cases, in percent of all. */
  public static int cases(int percent) {
    return (int) (Long.getLong("fuzz.cases", CASES_DEFAULT) * percent / 100);
  }

  /** The seed of a test, which it prints. */
  public static long seed(Class<?> test) {
    long seed = Long.getLong("fuzz.seed", System.nanoTime() & 0xffffff);
    System.out.println(test.getSimpleName() + ": -Dfuzz.seed=" + seed);
    return seed;
  }

  /** Fails a test, whatever it was that should not have been thrown, with what repeats it. */
  public static AssertionError failed(long seed, int round, Throwable cause) {
    return new AssertionError("seed " + seed + ", case " + round + ": " + cause, cause);
  }

  /** The bytes with something wrong in them: one to three changes of any kind. */
  public static byte[] mutated(byte[] bytes, Random dice) {
    byte[] now = bytes;
    for (int left = 1 + dice.nextInt(3); left > 0; left--) {
      now = changed(now, dice);
    }
    return now;
  }

  private static byte[] changed(byte[] bytes, Random dice) {
    if (bytes.length == 0) {
      return random(dice, 1 + dice.nextInt(20));
    }
    int at = dice.nextInt(bytes.length);
    int length = 1 + dice.nextInt(Math.min(64, bytes.length - at));
    return switch (dice.nextInt(8)) {
      case 0 -> flipped(bytes, at, 1 << dice.nextInt(8));
      case 1 -> flipped(bytes, at, 0xff);
      case 2 -> java.util.Arrays.copyOf(bytes, at);
      case 3 -> spliced(bytes, at, 0, random(dice, length));
      case 4 -> spliced(bytes, at, length, new byte[0]);
      case 5 -> spliced(bytes, at, length, new byte[length]);
      case 6 -> spliced(bytes, at, 0, java.util.Arrays.copyOfRange(bytes, at, at + length));
      default -> spliced(bytes, at, length, random(dice, length));
    };
  }

  private static byte[] flipped(byte[] bytes, int at, int mask) {
    byte[] flipped = bytes.clone();
    flipped[at] ^= (byte) mask;
    return flipped;
  }

  private static byte[] spliced(byte[] bytes, int at, int removed, byte[] inserted) {
    byte[] spliced = new byte[bytes.length - removed + inserted.length];
    System.arraycopy(bytes, 0, spliced, 0, at);
    System.arraycopy(inserted, 0, spliced, at, inserted.length);
    int rest = bytes.length - at - removed;
    System.arraycopy(bytes, at + removed, spliced, at + inserted.length, rest);
    return spliced;
  }

  static byte[] random(Random dice, int length) {
    byte[] bytes = new byte[length];
    dice.nextBytes(bytes);
    return bytes;
  }
}
