package chat.client.cli;

import java.util.Locale;

/**
 * How far a long sending has got: a line on the terminal that is written over again and again, at
 * most 39 columns wide, or nothing but remarks where there is no terminal. Confined to one thread.
 */
final class Progress {
  private static final int BAR = 12;
  private static final long REFRESH_NANOS = 100_000_000;
  private static final long REMARK_NANOS = 10_000_000_000L;

  private final Surroundings surroundings;
  private final boolean shown;
  private final long startedNanos = System.nanoTime();
  private long shownNanos;
  private int shownLength;
  private String remark = "";
  private long remarkedNanos;

  Progress(Surroundings surroundings) {
    this.surroundings = surroundings;
    this.shown = surroundings.hasTerminal(Surroundings.STANDARD_ERROR);
  }

  /** Says why it does not go on; the same again only after a while. */
  void remark(String sentence) {
    long now = System.nanoTime();
    if (!sentence.equals(remark) || now - remarkedNanos > REMARK_NANOS) {
      remark = sentence;
      remarkedNanos = now;
      clear();
      surroundings.err().println(sentence);
    }
  }

  /**
   * Shows it, unless it was shown a moment ago.
   *
   * @param bytes how much of the input is settled
   */
  void show(long accepted, long bytes) {
    long now = System.nanoTime();
    if (!shown || (shownNanos != 0 && now - shownNanos < REFRESH_NANOS)) {
      return;
    }
    shownNanos = now;
    String line = line(accepted, bytes, now - startedNanos, surroundings.inputSize());
    int length = line.length();
    // Blanks rather than an escape sequence: a dumb terminal knows them too.
    surroundings.err().print("\r" + line + " ".repeat(Math.max(0, shownLength - length)));
    surroundings.err().flush();
    shownLength = length;
  }

  static String line(long accepted, long bytes, long nanos, long inputSize) {
    long rate = nanos <= 0 ? 0 : Math.round(accepted / (nanos / 1e9));
    String count = String.format(Locale.ROOT, "%,d lines, %,d/s", accepted, rate);
    if (inputSize <= 0) {
      return count;
    }
    double part = Math.min(1, (double) bytes / inputSize);
    int filled = (int) (part * BAR);
    return String.format(
        Locale.ROOT,
        "[%s%s] %3d%% %s",
        "#".repeat(filled),
        ".".repeat(BAR - filled),
        (int) (part * 100),
        String.format(Locale.ROOT, "%,d  %,d/s", accepted, rate));
  }

  /** Takes the line off the terminal. */
  void clear() {
    if (shownLength > 0) {
      surroundings.err().print("\r" + " ".repeat(shownLength) + "\r");
      surroundings.err().flush();
      shownLength = 0;
      shownNanos = 0;
    }
  }
}
