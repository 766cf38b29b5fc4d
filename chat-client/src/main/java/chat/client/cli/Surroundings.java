package chat.client.cli;

import java.io.BufferedReader;
import java.io.Console;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.channels.FileChannel;
import java.nio.charset.Charset;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a command finds around it: the streams, the environment, a terminal or none. Tests make
 * their own.
 *
 * @param console null where nobody sits at a terminal
 * @param terminals which of the three standard streams are terminals, such as "02": Java cannot
 *     tell, so the script that starts this does
 * @param inputSize of standard input where that is a file, else 0
 */
record Surroundings(
    BufferedReader in,
    PrintWriter out,
    PrintWriter err,
    Map<String, String> environment,
    @Nullable Console console,
    String terminals,
    long inputSize) {
  static final int STANDARD_INPUT = 0;
  static final int STANDARD_OUTPUT = 1;
  static final int STANDARD_ERROR = 2;

  /** Stands for bytes that are no text: Unicode promises that it is no character. */
  private static final char UNREADABLE = '\uFFFF';

  private static final int SHOWN_MAX = 60;

  /** Those of this process. */
  static Surroundings ofProcess() {
    Surroundings plain = of(System.in, System.out, System.err, System.getenv(), System.console());
    String terminals = System.getProperty("chat.terminals", plain.terminals());
    return new Surroundings(
        plain.in(),
        plain.out(),
        plain.err(),
        plain.environment(),
        // Newer versions of Java have a console also where there is no terminal.
        terminals.contains("0") && terminals.contains("1") ? plain.console() : null,
        terminals,
        standardInputSize());
  }

  private static long standardInputSize() {
    try {
      // Not closed: it is standard input.
      FileChannel channel = new FileInputStream(FileDescriptor.in).getChannel();
      return Math.max(0, channel.size() - channel.position());
    } catch (IOException e) {
      // A pipe or a terminal has no size.
      return 0;
    }
  }

  static Surroundings of(
      InputStream in,
      PrintStream out,
      PrintStream err,
      Map<String, String> environment,
      @Nullable Console console) {
    Charset charset = console == null ? StandardCharsets.UTF_8 : console.charset();
    return new Surroundings(
        new BufferedReader(new LineLimit(new InputStreamReader(in, strict(charset)))),
        new PrintWriter(out, true, charset),
        new PrintWriter(err, true, charset),
        environment,
        console,
        console == null ? "" : "012",
        0);
  }

  /** Puts {@link #UNREADABLE} where bytes are no characters. */
  private static CharsetDecoder strict(Charset charset) {
    return charset
        .newDecoder()
        .onMalformedInput(CodingErrorAction.REPLACE)
        .onUnmappableCharacter(CodingErrorAction.REPLACE)
        .replaceWith(String.valueOf(UNREADABLE));
  }

  /** The same with other environment variables on top. */
  Surroundings with(Map<String, String> variables) {
    Map<String, String> all = new HashMap<>(environment);
    all.putAll(variables);
    return new Surroundings(in, out, err, all, console, terminals, inputSize);
  }

  /** Whether a standard stream is a terminal. */
  boolean hasTerminal(int stream) {
    return terminals.contains(Integer.toString(stream));
  }

  String environment(String name, String otherwise) {
    String value = environment.get(name);
    return value == null || value.isEmpty() ? otherwise : value;
  }

  /** Whether colours and a line editor are wanted and possible. */
  boolean isTerminal() {
    return hasTerminal(STANDARD_INPUT) && movesCursor();
  }

  /** Whether what is printed can be printed over. */
  boolean movesCursor() {
    return hasTerminal(STANDARD_OUTPUT) && !environment("TERM", "dumb").equals("dumb");
  }

  boolean colours() {
    return movesCursor() && environment("NO_COLOR", "").isEmpty();
  }

  /** The user's configuration folder. */
  Path configFolder() {
    String xdg = environment("XDG_CONFIG_HOME", "");
    return xdg.isEmpty()
        ? Path.of(environment("HOME", System.getProperty("user.home", ".")), ".config")
        : Path.of(xdg);
  }

  /**
   * The password of an account: from standard input if asked for, from CHAT_PASSWORD, from the file
   * that CHAT_PASSWORD_FILE names, or typed without an echo.
   */
  String password(String prompt, boolean fromStandardInput) {
    if (fromStandardInput) {
      String line = readLine();
      if (line == null) {
        throw new CommandFailure(
            ExitCodes.USAGE, "Standard input ended before a password; give it as one line.");
      }
      return line;
    }
    String given = environment("CHAT_PASSWORD", "");
    if (!given.isEmpty()) {
      return given;
    }
    String file = environment("CHAT_PASSWORD_FILE", "");
    if (!file.isEmpty()) {
      return firstLine(Path.of(file));
    }
    if (console == null) {
      throw new CommandFailure(
          ExitCodes.USAGE,
          "No terminal to ask for the password; use --password-stdin, CHAT_PASSWORD or"
              + " CHAT_PASSWORD_FILE.");
    }
    return typed(console, prompt);
  }

  /**
   * A password to be set: from standard input if asked for, from CHAT_NEW_PASSWORD, or typed twice.
   */
  String newPassword(String prompt, boolean fromStandardInput) {
    String given = environment("CHAT_NEW_PASSWORD", "");
    if (!fromStandardInput && !given.isEmpty()) {
      return given;
    }
    if (fromStandardInput || console == null) {
      String line = readLine();
      if (line == null) {
        throw new CommandFailure(
            ExitCodes.USAGE,
            "Standard input ended before the new password; give it as a line, or in"
                + " CHAT_NEW_PASSWORD.");
      }
      return line;
    }
    return agreed(typed(console, prompt), typed(console, "The same again: "));
  }

  /** What was typed twice. */
  static String agreed(String first, String again) {
    if (!first.equals(again)) {
      throw new CommandFailure(ExitCodes.USAGE, "The two are not the same; nothing was done.");
    }
    return first;
  }

  private static String typed(Console console, String prompt) {
    char[] typed = console.readPassword("%s", prompt);
    if (typed == null) {
      throw new CommandFailure(ExitCodes.USAGE, "No password was typed; nothing was done.");
    }
    return new String(typed);
  }

  /** The next line of standard input; null at its end. */
  @Nullable String readLine() {
    try {
      String line = in.readLine();
      if (line != null && line.indexOf(UNREADABLE) >= 0) {
        // Sent with marks in their place, it would be kept as something that nobody wrote.
        throw new CommandFailure(
            ExitCodes.REFUSED,
            "A line of standard input is not text in UTF-8: "
                + line.replace(UNREADABLE, '?').substring(0, Math.min(line.length(), SHOWN_MAX)));
      }
      return line;
    } catch (IOException e) {
      throw new CommandFailure(
          ExitCodes.REFUSED, "Standard input cannot be read: " + e.getMessage() + ".", e);
    }
  }

  private static String firstLine(Path file) {
    try (BufferedReader reader = Files.newBufferedReader(file)) {
      String line = reader.readLine();
      return line == null ? "" : line;
    } catch (IOException e) {
      throw new CommandFailure(
          ExitCodes.USAGE, "The password file " + file + " cannot be read; check its name.", e);
    }
  }
}
