package chat.client.cli;

import org.jspecify.annotations.Nullable;

/** Where the interactive session reads lines and shows others: a terminal, or a pipe. */
interface LineTerminal extends AutoCloseable {
  /** The next line; null when there is none any more. An interrupted line is empty. */
  @Nullable String readLine(String prompt);

  /** Changes the prompt of the line that is being read, if one is. Thread-safe. */
  void changePrompt(String prompt);

  /** Shows a line or several without tearing what is being typed. Thread-safe. */
  void print(String line);

  /** Whether what was printed could not be: nobody reads any more. */
  boolean isBroken();

  /** A password, not shown while it is typed. */
  String password(String prompt);

  /** A password that is to be set: typed twice. */
  String newPassword(String prompt);

  @Override
  void close();
}
