package chat.client.cli;

import chat.client.ChatException;
import chat.client.ChatSession;
import chat.common.ErrorReason;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The commands about sessions. */
final class SessionCommands {
  private SessionCommands() {}

  /** How a login is printed. */
  enum LoginOutput {
    TEXT,
    JSON,
    /** The session's token and nothing else. */
    TOKEN
  }

  @Command(
      name = "login",
      description = "Open a session and keep it for the commands that follow.",
      mixinStandardHelpOptions = true)
  static final class Login implements Callable<Integer> {
    private final Main main;

    Login(Main main) {
      this.main = main;
    }

    @Parameters(paramLabel = "NAME")
    private String name = "";

    @Option(names = "--take-over", description = "End the session that is in use elsewhere.")
    private boolean takeOver;

    @Option(names = "--password-stdin", description = "Read the password from standard input.")
    private boolean passwordStdin;

    @Option(names = "--output", paramLabel = "text|json|token")
    private LoginOutput output = LoginOutput.TEXT;

    @Override
    public Integer call() {
      String password = main.surroundings().password("Password for " + name + ": ", passwordStdin);
      chat.client.Login login = main.client().login(name, password, takeOver);
      main.sessions().keep(name, login.session().token());
      if (output == LoginOutput.TOKEN) {
        // Asked for in order to be read, and never said with the errors: it is a secret.
        main.printer(false).print(Printable.escape(login.session().token()), Map.of());
        return ExitCodes.OK;
      }
      main.printer(output == LoginOutput.JSON)
          .printDone(
              "Logged in as "
                  + Printable.escape(name)
                  + "; "
                  + Words.waiting(login.undeliveredCount())
                  + ".",
              Main.fields(
                  "username", name,
                  "session_token", login.session().token(),
                  "expire_time", login.expireTime(),
                  "undelivered_count", login.undeliveredCount()));
      return ExitCodes.OK;
    }
  }

  @Command(name = "logout", description = "End the session.", mixinStandardHelpOptions = true)
  static final class Logout implements Callable<Integer> {
    private final Main main;

    Logout(Main main) {
      this.main = main;
    }

    @Override
    public Integer call() {
      SessionFiles.Kept kept = main.kept();
      try {
        main.session().logout();
      } catch (ChatException e) {
        if (ExitCodes.of(e) != ExitCodes.NOT_LOGGED_IN
            || e.reason() == ErrorReason.BAD_CREDENTIALS) {
          throw e;
        }
        // It was over already, which is what was asked for.
      }
      main.sessions().forget(kept.username());
      main.surroundings().out().println("Logged out " + Printable.escape(kept.username()) + ".");
      return ExitCodes.OK;
    }
  }

  @Command(
      name = "passwd",
      description = "Change the password of the account that is logged in.",
      footer = {
        "",
        "The old session ends, and with it whatever else is open on it; this one goes on.",
        "Without a terminal: the old password and the new one as two lines with --password-stdin,"
            + " or in CHAT_PASSWORD and CHAT_NEW_PASSWORD."
      },
      mixinStandardHelpOptions = true)
  static final class Passwd implements Callable<Integer> {
    private final Main main;

    Passwd(Main main) {
      this.main = main;
    }

    @Option(
        names = "--password-stdin",
        description = "Read both passwords from standard input, a line each.")
    private boolean passwordStdin;

    @Option(names = "--request-id", description = "Ask again about an unknown outcome.")
    private @Nullable String requestId;

    @Override
    public Integer call() {
      SessionFiles.Kept kept = main.kept();
      String name = kept.username();
      Surroundings at = main.surroundings();
      String old = at.password("Old password for " + name + ": ", passwordStdin);
      String changed = at.newPassword("New password for " + name + ": ", passwordStdin);
      ChatSession session = main.session();
      ChatSession next =
          requestId == null
              ? session.changePassword(old, changed)
              : session.changePassword(old, changed, requestId);
      main.sessions().keep(name, next.token());
      at.out().println("The password of " + name + " is changed.");
      return ExitCodes.OK;
    }
  }

  @Command(
      name = "whoami",
      description = "Say which account commands act as.",
      mixinStandardHelpOptions = true)
  static final class WhoAmI implements Callable<Integer> {
    private final Main main;

    WhoAmI(Main main) {
      this.main = main;
    }

    @Option(names = "--output", paramLabel = "text|json")
    private Output output = Output.TEXT;

    @Override
    public Integer call() {
      SessionFiles.Kept kept = main.kept();
      main.printer(output == Output.JSON)
          .print(Printable.escape(kept.username()), Main.fields("username", kept.username()));
      return ExitCodes.OK;
    }
  }
}
