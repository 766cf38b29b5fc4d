package chat.client.cli;

import chat.client.AccountInfo;
import chat.client.ChatException;
import chat.client.ChatSession;
import chat.client.FetchedMessages;
import chat.client.SentMessage;
import chat.common.ErrorReason;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Somebody who is logged in at this terminal: what arrives is shown, what is typed is sent. */
final class Presence implements AutoCloseable {
  /** Longer than any failover. */
  private static final long FLUSH_MILLIS = 15_000;

  private static final long PIPE_FLUSH_MILLIS = 300_000;
  private static final int MOST_SHOWN = 1_000;
  private static final int BEGINNING = 60;

  private final ChatSession session;
  private final LineTerminal terminal;
  private final Surroundings surroundings;
  private final IntConsumer failed;
  private final Consumer<Presence> ended;
  private final Outbox outbox;
  private final LiveMessages live;

  /**
   * @param failed told the exit code of each failure
   * @param ended told, on another thread, when the session is over
   */
  Presence(
      ChatSession session,
      LineTerminal terminal,
      Surroundings surroundings,
      IntConsumer failed,
      Consumer<Presence> ended) {
    this.session = session;
    this.terminal = terminal;
    this.surroundings = surroundings;
    this.failed = failed;
    this.ended = ended;
    this.outbox = new Outbox(session, new Told());
    this.live = new LiveMessages(session, terminal, surroundings.colours(), this::streamEnded);
  }

  /** How many messages wait. */
  static int unread(ChatSession session) {
    FetchedMessages first = session.fetch(1);
    return first.messages().size() + first.remainingCount();
  }

  /** Shows the unread messages and who is there, and goes on showing what comes. */
  void begin(int unread) throws InterruptedException {
    outbox.start();
    live.start();
    if (unread > 0) {
      live.awaitUnread();
    }
    if (surroundings.isTerminal()) {
      try {
        who();
      } catch (ChatException e) {
        // Nice to know, no more; the next command will say what is wrong.
        return;
      }
    }
  }

  ChatSession session() {
    return session;
  }

  /** Sends a message as soon as it can be sent; what becomes of it is printed. */
  void send(String recipient, String text) throws InterruptedException {
    outbox.add(recipient, text);
    if (!surroundings.isTerminal()) {
      // A script's lines are obeyed one after the other.
      boolean unused = outbox.flush(PIPE_FLUSH_MILLIS);
    }
  }

  void list(String filter) {
    try (Stream<AccountInfo> accounts = session.accounts(filter)) {
      List<AccountInfo> shown = accounts.limit(MOST_SHOWN + 1L).toList();
      shown.stream()
          .limit(MOST_SHOWN)
          .forEach(
              account ->
                  terminal.print(
                      Printable.escape(account.username())
                          + (account.online() ? "  (online)" : "")));
      if (shown.isEmpty()) {
        terminal.print("No account is called like that.");
      } else if (shown.size() > MOST_SHOWN) {
        terminal.print("... and more; list with a filter, such as: list a*");
      }
    }
  }

  void who() {
    try (Stream<AccountInfo> accounts = session.accounts("")) {
      String there =
          accounts
              .limit(MOST_SHOWN)
              .filter(AccountInfo::online)
              .map(AccountInfo::username)
              .filter(name -> !name.equalsIgnoreCase(session.username()))
              .map(Printable::escape)
              .collect(Collectors.joining(", "));
      terminal.print(there.isEmpty() ? "Nobody else is there." : "There now: " + there + ".");
    }
  }

  void history(String peer) {
    MessageCommands.newest(session, peer, 50)
        .forEach(message -> terminal.print(Printer.line(message, surroundings.colours())));
  }

  private void streamEnded(ChatException why) {
    if (why.reason() == ErrorReason.SHUTTING_DOWN) {
      return;
    }
    if (why.reason() == ErrorReason.SESSION_TAKEN_OVER && isStillGood(session)) {
      terminal.print(
          "Messages are shown in another window of yours now; to have them here, log in again.");
      return;
    }
    String name = Printable.escape(session.username());
    ended.accept(this);
    terminal.print(Printable.escape(why.getMessage()) + " Log in again with: login " + name);
  }

  /**
   * Whether a session whose stream was taken over goes on: another stream in it says that in the
   * same words as a new session.
   */
  static boolean isStillGood(ChatSession session) {
    try {
      FetchedMessages unused = session.fetch(1);
      return true;
    } catch (ChatException e) {
      return ExitCodes.of(e) != ExitCodes.NOT_LOGGED_IN;
    }
  }

  /** Sends and shows nothing any more, and says what was not sent. Never blocks. */
  void abandon() {
    outbox.abandon();
    live.abandon();
  }

  /** Ends it, after a moment for what was typed and not yet accepted. */
  @Override
  public void close() {
    if (outbox.size() > 0) {
      terminal.print("Waiting until your message is accepted; Ctrl-C gives it up ...");
      boolean accepted = false;
      try {
        accepted = outbox.flush(FLUSH_MILLIS);
      } catch (InterruptedException e) {
        // Given up: what is left is said below.
      }
      if (!accepted) {
        failed.accept(ExitCodes.UNKNOWN);
        terminal.print(
            Words.messages(outbox.size())
                + " had no answer; look at the history before you send again.");
      }
    }
    outbox.close();
    live.close();
  }

  /** What became of messages. */
  private final class Told implements Outbox.Listener {
    @Override
    public void accepted(String recipient, SentMessage sent) {
      terminal.print(Printer.receipt(sent, recipient));
    }

    @Override
    public void refused(String recipient, String text, boolean doubtful, ChatException why) {
      failed.accept(ExitCodes.of(why));
      if (ExitCodes.of(why) == ExitCodes.NOT_LOGGED_IN) {
        ended.accept(Presence.this);
      }
      terminal.print(
          Printable.escape(why.getMessage())
              + (doubtful ? " It is not known whether this was sent: " : " Not sent: ")
              + Printable.escape(beginning(text)));
    }

    @Override
    public void dropped(String text, boolean doubtful) {
      failed.accept(doubtful ? ExitCodes.UNKNOWN : ExitCodes.NOT_LOGGED_IN);
      terminal.print(
          (doubtful ? "It is not known whether this was sent: " : "Not sent: ")
              + Printable.escape(beginning(text)));
    }

    /** Enough to know it again; who pasted a book need not read it twice. */
    private String beginning(String text) {
      return text.codePointCount(0, text.length()) <= BEGINNING
          ? text
          : text.substring(0, text.offsetByCodePoints(0, BEGINNING)) + " ...";
    }

    @Override
    public void waiting(int kept) {
      terminal.print(
          kept == 1
              ? "Reconnecting ..., your message is kept."
              : "Reconnecting ..., your " + kept + " messages are kept.");
    }
  }
}
