package chat.client.cli;

import chat.client.ChatException;
import chat.client.ChatSession;
import chat.client.ClusterStatus;
import chat.client.Login;
import chat.client.OutcomeUnknownException;
import chat.common.ErrorReason;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jline.reader.Candidate;
import org.jline.reader.LineReader;
import org.jline.reader.ParsedLine;
import org.jspecify.annotations.Nullable;

/** People chatting: commands typed line by line, messages shown as they arrive. */
final class InteractiveSession {
  private static final List<String> COMMANDS =
      List.of(
          "create", "login", "list", "who", "send", "talk", "history", "passwd", "logout", "delete",
          "status", "help", "quit");

  /** Those whose first argument is an account's name. */
  private static final List<String> NAMING = List.of("send", "talk", "history", "list");

  // Not wider than 40 columns.
  private static final String HELP =
      """
      create NAME        make an account
      login NAME         open a session
        --take-over      end one in use
      list [FILTER]      accounts; * and ?
      who                who is there
      send NAME TEXT     send a message
      talk NAME          then each line goes
                         to NAME; /end ends,
                         /help is a command
      history NAME       the last messages
      passwd             change your password
      logout             end the session
      delete             delete your account
        --discard        and unread messages
      status             the servers
      quit               leave; you stay
                         logged in""";

  private final Main main;
  private final Surroundings surroundings;
  private final LineTerminal terminal;
  private final Names names = new Names();
  private volatile @Nullable Presence presence;
  // Also ended by the threads that find the session over.
  private volatile @Nullable String talkingTo;
  private volatile int exitCode = ExitCodes.OK;

  InteractiveSession(Main main) {
    this.main = main;
    this.surroundings = main.surroundings();
    this.terminal = openTerminal();
  }

  private LineTerminal openTerminal() {
    if (!surroundings.isTerminal()) {
      return new PlainTerminal(surroundings);
    }
    try {
      return new EditingTerminal(surroundings, this::complete);
    } catch (IOException e) {
      surroundings.err().println("No line editor on this terminal: " + e.getMessage());
      return new PlainTerminal(surroundings);
    }
  }

  private void complete(LineReader reader, ParsedLine line, List<Candidate> candidates) {
    List<String> words = line.words();
    String typed = line.word().substring(0, line.wordCursor());
    if (line.wordIndex() == 0) {
      String slash = talkingTo == null ? "" : "/";
      COMMANDS.forEach(command -> candidates.add(new Candidate(slash + command)));
    } else if (line.wordIndex() == 1 && NAMING.contains(words.get(0).replaceFirst("^/", ""))) {
      Presence current = presence;
      if (current != null) {
        names
            .startingWith(current.session(), typed)
            .forEach(name -> candidates.add(new Candidate(name)));
      }
    }
  }

  /** Runs until the input ends or somebody quits; the exit code is that of the last failure. */
  int run() {
    try {
      terminal.print("Type help for the commands.");
      resumeKept();
      String line;
      @Nullable String to;
      do {
        to = talkingTo;
        line = terminal.readLine(prompt());
      } while (line != null && attempt(line.strip(), to) && !terminal.isBroken());
      return terminal.isBroken() ? ExitCodes.REFUSED : exitCode;
    } finally {
      leave();
      terminal.close();
    }
  }

  private String prompt() {
    Presence current = presence;
    if (current == null) {
      return "> ";
    }
    return shown(current.session())
        + (talkingTo == null ? "> " : " to " + Printable.escape(talkingTo) + "> ");
  }

  /** Goes on in the session that is kept here, if it is clear which. */
  private void resumeKept() {
    String wanted = main.wantedUser();
    List<SessionFiles.Kept> all = main.sessions().all();
    Optional<SessionFiles.Kept> kept =
        wanted != null
            ? main.sessions().find(wanted)
            : all.size() == 1 ? Optional.of(all.get(0)) : Optional.empty();
    kept.ifPresent(
        found ->
            safely(
                () -> {
                  ChatSession session = main.client().resume(found.username(), found.token());
                  int unread = Presence.unread(session);
                  enter("You are " + found.username(), session, unread);
                }));
  }

  /** A command's work. */
  private interface Work {
    void run() throws InterruptedException;
  }

  private boolean safely(Work work) {
    try {
      work.run();
    } catch (ChatException e) {
      failed(e);
    } catch (CommandFailure e) {
      exitCode = e.exitCode();
      terminal.print(Printable.escape(String.valueOf(e.getMessage())));
    } catch (InterruptedException e) {
      givenUp();
    }
    // A Ctrl-C that came too late to give anything up is none for the next command.
    boolean unused = Thread.interrupted();
    return true;
  }

  private void failed(ChatException e) {
    if (Thread.interrupted()) {
      givenUp();
    } else {
      exitCode = ExitCodes.of(e);
      terminal.print(Printable.escape(sentence(e)));
    }
  }

  /** Ctrl-C, while a command was waiting. */
  private void givenUp() {
    exitCode = ExitCodes.INTERRUPTED;
    terminal.print("Given up; if it was to change something, that may have been done.");
  }

  private String sentence(ChatException e) {
    if (e instanceof OutcomeUnknownException) {
      return "Nobody said in time whether this was done; look before you repeat it.";
    }
    Presence current = presence;
    if (current != null && endsSession(e)) {
      ended(current);
    }
    return main.sentence(e);
  }

  /** Not a wrong password, of this account or another. */
  private static boolean endsSession(ChatException e) {
    return ExitCodes.of(e) == ExitCodes.NOT_LOGGED_IN && e.reason() != ErrorReason.BAD_CREDENTIALS;
  }

  /**
   * Does what a line says; false if that is to leave.
   *
   * @param to whom the person was talking to when it was begun
   */
  private boolean attempt(String line, @Nullable String to) {
    // Where the session has ended meanwhile, the prompt says so, and commands are obeyed; not what
    // only looks like one, though: nobody leaves in the middle of a sentence.
    boolean mayBeText = talkingTo != null || !isCommand(line);
    if (to != null && mayBeText && !line.isEmpty() && !line.startsWith("/")) {
      return safely(() -> current().send(to, line));
    }
    String command = line.startsWith("/") ? line.substring(1) : line;
    String[] words = command.split("\\s+", 3);
    if (isLeaving(words[0])) {
      return false;
    }
    return safely(() -> obey(words));
  }

  private static boolean isLeaving(String word) {
    return word.equalsIgnoreCase("quit") || word.equalsIgnoreCase("exit");
  }

  private static boolean isCommand(String line) {
    String[] words = line.split("\\s+", 2);
    String first = words[0].toLowerCase(Locale.ROOT);
    return isLeaving(first) ? words.length == 1 : COMMANDS.contains(first);
  }

  private void obey(String[] words) throws InterruptedException {
    String argument = words.length > 1 ? words[1] : "";
    String rest = words.length > 2 ? words[2] : "";
    switch (words[0].toLowerCase(Locale.ROOT)) {
      case "" -> {
        // Nothing was typed.
      }
      // The commands of the shell are understood too, where they are called otherwise.
      case "create", "create-account" -> create(required(argument, "create NAME"));
      case "login" -> login(required(argument, "login NAME"), rest.equals("--take-over"));
      case "list", "accounts" -> current().list(argument);
      case "who" -> current().who();
      case "send" ->
          current().send(required(argument, "send NAME TEXT"), required(rest, "send NAME TEXT"));
      case "talk" -> talk(required(argument, "talk NAME"));
      case "end" -> talkingTo = null;
      case "history" -> current().history(required(argument, "history NAME"));
      case "whoami" -> terminal.print("You are " + shown(current().session()) + ".");
      case "passwd" -> changePassword();
      case "logout" -> logout();
      case "delete", "delete-account" ->
          delete(argument.equals("--discard") || argument.equals("--discard-undelivered"));
      case "status" -> status();
      case "help" -> terminal.print(HELP);
      default ->
          terminal.print(
              "\""
                  + Printable.escape(words[0])
                  + "\" is no command; type help for those there are.");
    }
  }

  private static String required(String argument, String usage) {
    if (argument.isEmpty()) {
      throw new CommandFailure(ExitCodes.USAGE, "Something is missing; type: " + usage);
    }
    return argument;
  }

  private Presence current() {
    Presence current = presence;
    if (current == null) {
      throw new CommandFailure(ExitCodes.NOT_LOGGED_IN, "You are not logged in; type: login NAME");
    }
    return current;
  }

  private void create(String name) {
    String shown = Printable.escape(name);
    main.client().createAccount(name, terminal.password("New password for " + shown + ": "));
    terminal.print("Account " + shown + " is made; type: login " + shown);
  }

  private void login(String name, boolean takeOver) throws InterruptedException {
    String shown = Printable.escape(name);
    Login login =
        main.client().login(name, terminal.password("Password for " + shown + ": "), takeOver);
    leave();
    keep(login.session());
    enter("Logged in as " + name, login.session(), login.undeliveredCount());
  }

  private void keep(ChatSession session) {
    try {
      main.sessions().keep(session.username(), session.token());
    } catch (CommandFailure e) {
      // Good for now all the same.
      terminal.print(Printable.escape(String.valueOf(e.getMessage())));
    }
  }

  private static String shown(ChatSession session) {
    return Printable.escape(session.username());
  }

  private void enter(String greeting, ChatSession session, int unread) throws InterruptedException {
    terminal.print(Printable.escape(greeting) + "; " + Words.waiting(unread) + ".");
    Presence entered =
        new Presence(session, terminal, surroundings, code -> exitCode = code, this::ended);
    presence = entered;
    entered.begin(unread);
  }

  /** The session is over, by somebody else's doing. */
  private void ended(Presence over) {
    if (presence == over) {
      presence = null;
      talkingTo = null;
      terminal.changePrompt(prompt());
    }
    over.abandon();
    main.sessions().forget(over.session().username(), over.session().token());
  }

  private void talk(String name) {
    current();
    talkingTo = name;
    terminal.print(
        "What you type now goes to " + Printable.escape(name) + "; /end ends that, /help helps.");
  }

  private void status() {
    ClusterStatus status = main.client().clusterStatus();
    new StatusText(status, surroundings.colours()).lines().forEach(terminal::print);
  }

  private void logout() throws InterruptedException {
    ChatSession leaving = current().session();
    leave();
    leaving.logout();
    main.sessions().forget(leaving.username());
    terminal.print("Logged out " + shown(leaving) + ".");
  }

  private void changePassword() throws InterruptedException {
    ChatSession before = current().session();
    String old = terminal.password("Old password for " + shown(before) + ": ");
    String changed = terminal.newPassword("New password for " + shown(before) + ": ");
    String partner = talkingTo;
    // The change ends the session, which is no news then.
    leave();
    ChatSession after = before;
    try {
      after = before.changePassword(old, changed);
      keep(after);
      terminal.print("The password of " + shown(after) + " is changed.");
    } catch (ChatException e) {
      failed(e);
    }
    int unread;
    try {
      unread = Presence.unread(after);
    } catch (ChatException e) {
      if (endsSession(e)) {
        // As when the change was made after all and its answer was lost.
        main.sessions().forget(after.username(), after.token());
        terminal.print(
            "The session has ended; log in again, with the new password or the old one: login "
                + shown(after));
        return;
      }
      // The stream will tell what there is when there is a primary again.
      unread = 0;
    }
    enter("You are " + after.username(), after, unread);
    if (presence != null) {
      talkingTo = partner;
    }
  }

  private void delete(boolean discard) {
    ChatSession leaving = current().session();
    int discarded = leaving.deleteAccount(discard);
    leave();
    main.sessions().forget(leaving.username());
    terminal.print(
        "Account "
            + shown(leaving)
            + " is deleted"
            + (discarded == 0 ? "." : ", with " + discarded + " unread messages."));
  }

  private void leave() {
    Presence leaving = presence;
    presence = null;
    talkingTo = null;
    if (leaving != null) {
      leaving.close();
    }
  }
}
