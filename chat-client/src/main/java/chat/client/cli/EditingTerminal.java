package chat.client.cli;

import java.io.IOException;
import org.jline.reader.Completer;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.UserInterruptException;
import org.jline.reader.impl.LineReaderImpl;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;
import org.jspecify.annotations.Nullable;

/** A terminal with a line editor: what arrives is shown above the line that is being typed. */
final class EditingTerminal implements LineTerminal {
  private final Surroundings surroundings;
  private final Terminal terminal;
  private final LineReader reader;

  /** Its own reader, so that no password gets into the history. */
  private final LineReader passwordReader;

  EditingTerminal(Surroundings surroundings, Completer completer) throws IOException {
    // Asking the terminal what it can do would swallow what is typed ahead.
    this(
        surroundings,
        completer,
        TerminalBuilder.builder().system(true).graphemeCluster(false).build());
  }

  EditingTerminal(Surroundings surroundings, Completer completer, Terminal terminal) {
    this.surroundings = surroundings;
    this.terminal = terminal;
    // While a line is read, the reader has a handler of its own; else Ctrl-C gives up what is
    // waited for.
    Thread worker = Thread.currentThread();
    terminal.handle(Terminal.Signal.INT, signal -> worker.interrupt());
    this.reader =
        LineReaderBuilder.builder()
            .terminal(terminal)
            .completer(completer)
            // "!" is a word that people send.
            .option(LineReader.Option.DISABLE_EVENT_EXPANSION, true)
            .build();
    this.passwordReader =
        LineReaderBuilder.builder()
            .terminal(terminal)
            .variable(LineReader.DISABLE_HISTORY, true)
            .option(LineReader.Option.DISABLE_EVENT_EXPANSION, true)
            .build();
  }

  @Override
  public @Nullable String readLine(String prompt) {
    try {
      return reader.readLine(prompt);
    } catch (UserInterruptException e) {
      // Ctrl-C clears the line.
      return "";
    } catch (EndOfFileException e) {
      return null;
    }
  }

  @Override
  public void changePrompt(String prompt) {
    // JLine's interface lacks it. The next line that is shown above has it drawn.
    if (reader instanceof LineReaderImpl drawn && reader.isReading()) {
      drawn.setPrompt(prompt);
    }
  }

  @Override
  public void print(String line) {
    reader.printAbove(line);
  }

  @Override
  public boolean isBroken() {
    return terminal.writer().checkError();
  }

  @Override
  public String password(String prompt) {
    if (!surroundings.environment("CHAT_PASSWORD", "").isEmpty()
        || !surroundings.environment("CHAT_PASSWORD_FILE", "").isEmpty()) {
      return surroundings.password(prompt, false);
    }
    return typed(prompt);
  }

  @Override
  public String newPassword(String prompt) {
    if (!surroundings.environment("CHAT_NEW_PASSWORD", "").isEmpty()) {
      return surroundings.newPassword(prompt, false);
    }
    return Surroundings.agreed(typed(prompt), typed("The same again: "));
  }

  private String typed(String prompt) {
    try {
      return passwordReader.readLine(prompt, (char) 0);
    } catch (UserInterruptException | EndOfFileException e) {
      throw new CommandFailure(ExitCodes.USAGE, "No password was typed; nothing was done.", e);
    }
  }

  @Override
  public void close() {
    try {
      terminal.close();
    } catch (IOException e) {
      throw new CommandFailure(ExitCodes.REFUSED, "The terminal cannot be closed.", e);
    }
  }
}
