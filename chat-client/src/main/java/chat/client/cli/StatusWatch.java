package chat.client.cli;

import chat.client.ChatException;
import chat.client.ClusterStatus;
import java.io.IOException;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jline.terminal.Size;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;
import org.jline.utils.AttributedString;
import org.jline.utils.Display;

/**
 * The status once a second until it is interrupted: in place on a terminal, else one after the
 * other.
 */
final class StatusWatch {
  private static final long INTERVAL_MILLIS = 1_000;

  private final Main main;
  private final boolean json;

  StatusWatch(Main main, boolean json) {
    this.main = main;
    this.json = json;
  }

  int run() throws InterruptedException {
    Surroundings surroundings = main.surroundings();
    if (json || !surroundings.isTerminal()) {
      repeat(this::printOneMore);
    }
    try (Terminal terminal = TerminalBuilder.builder().system(true).build()) {
      Display display = new Display(terminal, false);
      repeat(lines -> showInPlace(terminal, display, lines));
    } catch (IOException e) {
      throw new CommandFailure(
          ExitCodes.REFUSED, "No terminal to show it on: " + e.getMessage() + ".", e);
    }
    return ExitCodes.OK;
  }

  private void repeat(Consumer<List<String>> show) throws InterruptedException {
    while (!Thread.currentThread().isInterrupted()) {
      show.accept(lines());
      Thread.sleep(INTERVAL_MILLIS);
    }
    throw new InterruptedException();
  }

  private List<String> lines() {
    try {
      ClusterStatus status = main.client().clusterStatus();
      return json
          ? List.of(Json.write(StatusCommand.fields(status)))
          : new StatusText(status, main.surroundings().colours()).lines();
    } catch (ChatException e) {
      // It is watched for just this.
      return json
          ? List.of(Json.write(Main.fields("error", e.getMessage(), "reason", e.reason())))
          : List.of(Printable.escape(e.getMessage()) + " Trying again ...");
    }
  }

  private void printOneMore(List<String> lines) {
    lines.forEach(main.surroundings().out()::println);
    if (!json) {
      main.surroundings().out().println();
    }
    if (main.surroundings().out().checkError()) {
      throw new CommandFailure(ExitCodes.REFUSED, "");
    }
  }

  private static void showInPlace(Terminal terminal, Display display, List<String> lines) {
    Size size = terminal.getSize();
    int columns = size.getColumns() > 0 ? size.getColumns() : 80;
    int rows = size.getRows() > 0 ? size.getRows() : 24;
    display.resize(Size.of(columns, rows));
    List<AttributedString> shown = new ArrayList<>();
    for (String line : lines) {
      shown.addAll(wrapped(AttributedString.fromAnsi(line), columns));
    }
    shown.add(
        new AttributedString(
            LocalTime.now(ZoneId.systemDefault()).truncatedTo(ChronoUnit.SECONDS)
                + "  Ctrl-C leaves"));
    // Taller than the window it would scroll, and be printed again and again.
    display.update(shown.subList(0, Math.min(shown.size(), rows - 1)), -1);
  }

  /** In lines of the window's width, broken between words where there are any. */
  static List<AttributedString> wrapped(AttributedString line, int columns) {
    List<AttributedString> parts = new ArrayList<>();
    AttributedString rest = line;
    while (rest.columnLength() > columns && rest.length() > 1) {
      // At least one, be it wider than the window.
      int fits = Math.max(1, rest.columnSubSequence(0, columns).length());
      boolean between = rest.charAt(fits) == ' ';
      int space = between ? fits : rest.toString().lastIndexOf(' ', fits - 1);
      int end = space > 0 ? space : fits;
      parts.add(rest.substring(0, end));
      rest = rest.substring(space > 0 ? space + 1 : end, rest.length());
    }
    parts.add(rest);
    return parts;
  }
}
