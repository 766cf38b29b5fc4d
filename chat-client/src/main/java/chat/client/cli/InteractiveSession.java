package chat.client.cli;

import chat.client.AccountInfo;
import chat.client.ChatException;
import chat.client.ChatSession;
import chat.client.Login;
import chat.client.OutcomeUnknownException;
import chat.client.SentMessage;
import java.io.IOException;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** People chatting: commands typed line by line, messages shown as they arrive. */
final class InteractiveSession {
  private static final String[] COMMANDS = {
    "create", "login", "list", "send", "history", "logout", "delete", "status", "help", "quit"
  };

  private static final String HELP =
      """
      create NAME              make an account
      login NAME [--take-over] open a session; unread messages are shown
      list [FILTER]            accounts; '*' is any run of characters, '?' is one
      send NAME TEXT           send a message
      history NAME             the last messages with somebody
      logout                   end the session
      delete [--discard]       delete your account; --discard also with unread messages
      status                   the servers, and what may still fail
      quit                     leave; you stay logged in""";

  private final Main main;
  private final Surroundings surroundings;
  private final LineTerminal terminal;
  private volatile @Nullable ChatSession session;
  private @Nullable LiveMessages live;
  private int exitCode = ExitCodes.OK;

  InteractiveSession(Main main) {
    this.main = main;
    this.surroundings = main.surroundings();
    this.terminal = openTerminal(surroundings);
  }

  private static LineTerminal openTerminal(Surroundings surroundings) {
    if (!surroundings.isTerminal()) {
      return new PlainTerminal(surroundings);
    }
    try {
      return new EditingTerminal(surroundings, COMMANDS);
    } catch (IOException e) {
      surroundings.err().println("No line editor on this terminal: " + e.getMessage());
      return new PlainTerminal(surroundings);
    }
  }

  /** Runs until the input ends or somebody quits; the exit code is that of the last failure. */
  int run() {
    try {
      terminal.print("Type help for the commands.");
      resumeKept();
      String line;
      do {
        line = terminal.readLine(prompt());
      } while (line != null && obey(line.strip()));
      return exitCode;
    } finally {
      stopLive();
      terminal.close();
    }
  }

  private String prompt() {
    ChatSession current = session;
    return current == null ? "> " : current.username() + "> ";
  }

  /** Goes on in a session that was asked for by name and is kept here. */
  private void resumeKept() {
    String wanted = main.wantedUser();
    Optional<SessionFiles.Kept> kept =
        wanted == null ? Optional.empty() : main.sessions().find(wanted);
    if (kept.isPresent()) {
      enter(main.session());
    }
  }

  /** Does what a line says; false if that is to leave. */
  private boolean obey(String line) {
    String[] words = line.split("\\s+", 3);
    String argument = words.length > 1 ? words[1] : "";
    try {
      switch (words[0].toLowerCase(Locale.ROOT)) {
        case "" -> {
          // Nothing was typed.
        }
        case "create" -> create(required(argument, "create NAME"));
        case "login" ->
            login(
                required(argument, "login NAME"),
                words.length > 2 && words[2].equals("--take-over"));
        case "list" -> list(argument);
        case "send" ->
            send(
                required(argument, "send NAME TEXT"),
                required(words.length > 2 ? words[2] : "", "send NAME TEXT"));
        case "history" ->
            MessageCommands.newest(current(), required(argument, "history NAME"), 50)
                .forEach(message -> terminal.print(Printer.line(message, surroundings.colours())));
        case "logout" -> logout();
        case "delete" -> delete(argument.equals("--discard"));
        case "status" -> StatusCommand.text(main.client().clusterStatus()).forEach(terminal::print);
        case "help" -> terminal.print(HELP);
        case "quit", "exit" -> {
          return false;
        }
        default ->
            terminal.print(
                "\""
                    + Printable.escape(words[0])
                    + "\" is no command; type help for those there are.");
      }
    } catch (ChatException e) {
      exitCode = ExitCodes.of(e);
      terminal.print(Printable.escape(sentence(e)));
    } catch (CommandFailure e) {
      exitCode = e.exitCode();
      terminal.print(Printable.escape(String.valueOf(e.getMessage())));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
    return true;
  }

  private String sentence(ChatException e) {
    if (e instanceof OutcomeUnknownException) {
      return "Nobody said in time whether this was done; look at the history before you repeat it.";
    }
    return main.sentence(e);
  }

  private static String required(String argument, String usage) {
    if (argument.isEmpty()) {
      throw new CommandFailure(ExitCodes.USAGE, "Something is missing; type: " + usage);
    }
    return argument;
  }

  private ChatSession current() {
    ChatSession current = session;
    if (current == null) {
      throw new CommandFailure(ExitCodes.NOT_LOGGED_IN, "You are not logged in; type: login NAME");
    }
    return current;
  }

  private void create(String name) {
    main.client().createAccount(name, terminal.password("New password for " + name + ": "));
    terminal.print("Account " + name + " is made; type: login " + name);
  }

  private void login(String name, boolean takeOver) throws InterruptedException {
    Login login =
        main.client().login(name, terminal.password("Password for " + name + ": "), takeOver);
    stopLive();
    main.sessions().keep(name, login.session().token());
    terminal.print("Logged in as " + name + "; " + Words.waiting(login.undeliveredCount()) + ".");
    enter(login.session());
    LiveMessages opened = live;
    if (opened != null && login.undeliveredCount() > 0) {
      opened.awaitUnread();
    }
  }

  private void enter(ChatSession entered) {
    session = entered;
    live = new LiveMessages(entered, terminal, surroundings.colours(), this::ended).start();
  }

  /** The session is over, by somebody else's doing. */
  private void ended(ChatException why) {
    ChatSession over = session;
    session = null;
    if (over != null) {
      main.sessions().forget(over.username());
      terminal.print(
          Printable.escape(why.getMessage()) + " Log in again with: login " + over.username());
    }
  }

  private void list(String filter) {
    try (Stream<AccountInfo> accounts = current().accounts(filter)) {
      accounts.forEach(
          account ->
              terminal.print(
                  Printable.escape(account.username()) + (account.online() ? "  (online)" : "")));
    }
  }

  private void send(String recipient, String text) throws InterruptedException {
    CompletableFuture<SentMessage> sending = current().sendAsync(recipient, text);
    try {
      terminal.print(Printer.receipt(sending.get(1, TimeUnit.SECONDS), recipient));
      return;
    } catch (TimeoutException e) {
      terminal.print("Reconnecting ..., your message is kept.");
    } catch (ExecutionException e) {
      throw refusal(e);
    }
    try {
      terminal.print(Printer.receipt(sending.get(), recipient));
    } catch (ExecutionException e) {
      throw refusal(e);
    }
  }

  private static RuntimeException refusal(ExecutionException e) {
    return e.getCause() instanceof ChatException refused
        ? refused
        : new IllegalStateException("A bug of this client.", e);
  }

  private void logout() {
    ChatSession leaving = current();
    stopLive();
    session = null;
    leaving.logout();
    main.sessions().forget(leaving.username());
    terminal.print("Logged out " + leaving.username() + ".");
  }

  private void delete(boolean discard) {
    ChatSession leaving = current();
    int discarded = leaving.deleteAccount(discard);
    session = null;
    stopLive();
    main.sessions().forget(leaving.username());
    terminal.print(
        "Account "
            + leaving.username()
            + " is deleted"
            + (discarded == 0 ? "." : ", with " + discarded + " unread messages."));
  }

  private void stopLive() {
    LiveMessages running = live;
    live = null;
    if (running != null) {
      running.close();
    }
  }
}
