package chat.server;

import java.io.Console;
import java.io.PrintWriter;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Asks before something that cannot be taken back. One thread's. */
final class Confirmation {
  private final PrintWriter out;
  private final @Nullable Console console;

  /**
   * @param console null where nobody can be asked
   */
  Confirmation(PrintWriter out, @Nullable Console console) {
    this.out = out;
    this.console = console;
  }

  /**
   * Says what is about to be done, and asks unless {@code yes} has answered already.
   *
   * @throws UsageException if there is nobody to ask
   * @throws CommandFailure if the answer is no
   */
  void require(boolean yes, String explanation) {
    out.println(explanation);
    if (yes) {
      return;
    }
    if (console == null) {
      throw new UsageException("Nobody can be asked here: add --yes to have it done.");
    }
    String answer = console.readLine("Go on? [y/N] ");
    if (answer == null || !answer.strip().toLowerCase(Locale.ROOT).matches("y|yes")) {
      throw new CommandFailure(CommandFailure.DECLINED, "Nothing was done.");
    }
  }
}
