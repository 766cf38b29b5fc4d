package chat.client.cli;

import chat.client.AccountInfo;
import chat.client.ChatSession;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The commands about accounts. */
final class AccountCommands {
  private AccountCommands() {}

  @Command(
      name = "create-account",
      description = "Make an account.",
      mixinStandardHelpOptions = true)
  static final class Create implements Callable<Integer> {
    private final Main main;

    Create(Main main) {
      this.main = main;
    }

    @Parameters(paramLabel = "NAME", description = "1 to 32 letters, digits, '.', '_', '-'.")
    private String name = "";

    @Option(names = "--password-stdin", description = "Read the password from standard input.")
    private boolean passwordStdin;

    @Option(names = "--request-id", description = "Ask again about an unknown outcome.")
    private @Nullable String requestId;

    @Option(names = "--output", paramLabel = "text|json")
    private Output output = Output.TEXT;

    @Override
    public Integer call() {
      String password =
          main.surroundings().password("New password for " + name + ": ", passwordStdin);
      if (requestId == null) {
        main.client().createAccount(name, password);
      } else {
        main.client().createAccount(name, password, requestId);
      }
      main.printer(output == Output.JSON)
          .printDone(
              "Account %1$s is made; log in with: login %1$s".formatted(Printable.escape(name)),
              Main.fields("username", name));
      return ExitCodes.OK;
    }
  }

  @Command(name = "accounts", description = "List accounts.", mixinStandardHelpOptions = true)
  static final class ListThem implements Callable<Integer> {
    private final Main main;

    ListThem(Main main) {
      this.main = main;
    }

    @Parameters(
        arity = "0..1",
        paramLabel = "FILTER",
        defaultValue = "",
        description = "'*' is any run of characters, '?' is one; all if left out.")
    private String filter = "";

    @Option(names = "--output", paramLabel = "text|json")
    private Output output = Output.TEXT;

    @Override
    public Integer call() {
      Printer printer = main.printer(output == Output.JSON);
      try (Stream<AccountInfo> accounts = main.session().accounts(filter)) {
        accounts.forEach(
            account ->
                printer.print(
                    Printable.escape(account.username()) + (account.online() ? "  (online)" : ""),
                    Main.fields("username", account.username(), "online", account.online())));
      }
      return ExitCodes.OK;
    }
  }

  @Command(
      name = "delete-account",
      description = "Delete the account that is logged in.",
      mixinStandardHelpOptions = true)
  static final class Delete implements Callable<Integer> {
    private final Main main;

    Delete(Main main) {
      this.main = main;
    }

    @Option(
        names = "--discard-undelivered",
        description = "Also if messages wait, which are lost then.")
    private boolean discard;

    @Option(names = "--request-id", description = "Ask again about an unknown outcome.")
    private @Nullable String requestId;

    @Option(names = "--output", paramLabel = "text|json")
    private Output output = Output.TEXT;

    @Override
    public Integer call() {
      SessionFiles.Kept kept = main.kept();
      ChatSession session = main.session();
      int discarded =
          requestId == null
              ? session.deleteAccount(discard)
              : session.deleteAccount(discard, requestId);
      main.sessions().forget(kept.username());
      main.printer(output == Output.JSON)
          .printDone(
              "Account "
                  + Printable.escape(kept.username())
                  + " is deleted"
                  + (discarded == 0 ? "." : ", with " + discarded + " undelivered messages."),
              Main.fields("username", kept.username(), "discarded_count", discarded));
      return ExitCodes.OK;
    }
  }
}
