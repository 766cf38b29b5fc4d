package chat.client.cli;

import org.jspecify.annotations.Nullable;

/** A pipe, or a terminal that can do nothing but print: no prompt that would end up in a file. */
final class PlainTerminal implements LineTerminal {
  private final Surroundings surroundings;

  PlainTerminal(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public @Nullable String readLine(String prompt) {
    if (surroundings.console() != null) {
      surroundings.out().print(prompt);
      surroundings.out().flush();
    }
    return surroundings.readLine();
  }

  @Override
  public void changePrompt(String prompt) {
    // What is printed is printed.
  }

  @Override
  public void print(String line) {
    surroundings.out().println(line);
  }

  @Override
  public boolean isBroken() {
    return surroundings.out().checkError();
  }

  @Override
  public String password(String prompt) {
    // Without a terminal the next line is the password, unless the environment says it.
    boolean piped =
        surroundings.console() == null
            && surroundings.environment("CHAT_PASSWORD", "").isEmpty()
            && surroundings.environment("CHAT_PASSWORD_FILE", "").isEmpty();
    return surroundings.password(prompt, piped);
  }

  @Override
  public String newPassword(String prompt) {
    return surroundings.newPassword(prompt, false);
  }

  @Override
  public void close() {
    surroundings.out().flush();
  }
}
