package chat.client.chaos;

import java.io.PrintStream;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;

/** How a run goes: one line that is refreshed on a terminal, a line every 10 s elsewhere. */
final class LiveLine {
  private final Load load;
  private final Findings findings;
  private final PrintStream out;
  // Said by the script: the virtual machine does not know.
  private final boolean onTerminal = Boolean.getBoolean("chaos.terminal");
  private final long startNanos = System.nanoTime();
  private final Thread thread = new Thread(this::tell, "live-line");

  private LiveLine(Load load, Findings findings, PrintStream out) {
    this.load = load;
    this.findings = findings;
    this.out = out;
  }

  static LiveLine start(Load load, Findings findings, PrintStream out) {
    LiveLine line = new LiveLine(load, findings, out);
    line.thread.setDaemon(true);
    line.thread.start();
    return line;
  }

  private void tell() {
    long everyMillis = onTerminal ? 1_000 : 10_000;
    long before = 0;
    try {
      while (true) {
        TimeUnit.MILLISECONDS.sleep(everyMillis);
        long acknowledged = load.acknowledged();
        String line = line(acknowledged, Math.max(0, acknowledged - before) * 1_000 / everyMillis);
        before = acknowledged;
        if (onTerminal) {
          out.print("\r" + line + "\u001b[K");
          out.flush();
        } else {
          out.println(line);
        }
      }
    } catch (InterruptedException e) {
      if (onTerminal) {
        out.println();
      }
    }
  }

  private String line(long acknowledged, long rate) {
    OptionalInt primary = load.primary();
    return String.format(
        Locale.ROOT,
        "minute %5.1f   faults %4d   acknowledged %,9d   %,5d/s   primary %s   wrong %d",
        (System.nanoTime() - startNanos) / 60e9,
        findings.faults(),
        acknowledged,
        rate,
        primary.isPresent() ? "" + primary.getAsInt() : "-",
        findings.wrong().size());
  }

  /** Returns when nothing more is printed. */
  void close() {
    thread.interrupt();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
