package chat.client.bench;

import java.io.PrintStream;
import java.util.Locale;

/**
 * One line that tells what is going on; rewritten in place on a terminal. Goes to standard error,
 * so that standard output has the figures alone. Thread-safe.
 */
final class Progress {
  private final PrintStream out;
  private final boolean terminal;
  private final long startNanos = System.nanoTime();
  private boolean open;

  Progress(PrintStream out, boolean terminal) {
    this.out = out;
    this.terminal = terminal;
  }

  /** A new chapter: stays on the screen. */
  synchronized void says(String sentence) {
    line(sentence);
    if (!terminal) {
      out.println();
    }
  }

  /** A figure that is replaced by the next one; shown on terminals only. */
  synchronized void ticks(String sentence) {
    if (terminal) {
      line(sentence);
    }
  }

  private void line(String sentence) {
    String text = String.format(Locale.ROOT, "%6.1f s  %s", seconds(), sentence);
    out.print(terminal ? "\r\u001b[K" + text : text);
    out.flush();
    open = terminal;
  }

  /** Makes room for lines of others. */
  synchronized void clear() {
    if (open) {
      out.print("\r\u001b[K");
      out.flush();
      open = false;
    }
  }

  private double seconds() {
    return (System.nanoTime() - startNanos) / 1e9;
  }
}
