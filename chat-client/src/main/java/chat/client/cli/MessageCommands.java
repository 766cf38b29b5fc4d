package chat.client.cli;

import chat.client.ChatMessage;
import chat.client.ChatSession;
import chat.client.FetchedMessages;
import chat.client.SentMessage;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The commands about messages. */
final class MessageCommands {
  private MessageCommands() {}

  @Command(
      name = "send",
      description = "Send a message; done when it is said to be kept, whatever fails then.",
      mixinStandardHelpOptions = true)
  static final class Send implements Callable<Integer> {
    private final Main main;

    Send(Main main) {
      this.main = main;
    }

    @Parameters(index = "0", paramLabel = "NAME")
    private String recipient = "";

    @Parameters(
        index = "1..*",
        arity = "1..*",
        paramLabel = "TEXT",
        description = "The message; '-' sends each line of standard input.")
    private List<String> words = List.of();

    @Option(names = "--request-id", description = "Ask again about an unknown outcome.")
    private @Nullable String requestId;

    @Option(
        names = "--resume-file",
        paramLabel = "FILE",
        description =
            "With '-': remembers what was sent. The same command again goes on where it was broken"
                + " off, however that was, and sends no line twice. After a day without being"
                + " continued, lines whose fate is not known are refused.")
    private @Nullable Path resumeFile;

    @Option(
        names = "--give-up-after",
        paramLabel = "SECONDS",
        defaultValue = "300",
        description =
            "With '-': how long to wait for room in a full inbox or for a primary; ${DEFAULT-VALUE}"
                + " unless given.")
    private int giveUpAfterSeconds;

    @Option(names = "--output", paramLabel = "text|json")
    private Output output = Output.TEXT;

    @Override
    public Integer call() throws InterruptedException {
      Printer printer = main.printer(output == Output.JSON);
      ChatSession session = main.session();
      if (words.equals(List.of("-"))) {
        if (requestId != null) {
          throw new CommandFailure(
              ExitCodes.USAGE, "--request-id is for one message; leave it out with '-'.");
        }
        return sendLines(session, printer);
      }
      if (resumeFile != null) {
        throw new CommandFailure(
            ExitCodes.USAGE, "--resume-file is for the lines of standard input; give '-' as TEXT.");
      }
      String text = String.join(" ", words);
      SentMessage sent =
          requestId == null
              ? session.send(recipient, text)
              : session.send(recipient, text, requestId);
      printer.printDone(
          Printer.receipt(sent, recipient),
          Main.fields(
              "message_id", sent.messageId(),
              "sent_time", sent.sentTime(),
              "delivery", sent.delivery(),
              "duplicate", sent.duplicate(),
              "request_id", sent.requestId()));
      return ExitCodes.OK;
    }

    private int sendLines(ChatSession session, Printer printer) throws InterruptedException {
      Duration patience = Duration.ofSeconds(Math.max(0, giveUpAfterSeconds));
      try (ResumeFile file =
          resumeFile == null
              ? null
              : ResumeFile.open(
                  resumeFile, session.username(), recipient, main.servers(), Clock.systemUTC())) {
        LineSending sending =
            new LineSending(main.surroundings(), session, recipient, file, patience);
        SendingReport report = reported(sending, printer);
        RuntimeException failure = report.failure();
        if (failure != null) {
          throw failure;
        }
        return report.isComplete() ? ExitCodes.OK : ExitCodes.INTERRUPTED;
      }
    }

    /** An interruption waits until the report is printed. */
    private static SendingReport reported(LineSending sending, Printer printer)
        throws InterruptedException {
      Interruption interruption = Interruption.watch(sending::stop);
      try {
        SendingReport report = sending.run();
        printer.printDone(report.text(), report.fields());
        return report;
      } finally {
        interruption.close();
      }
    }
  }

  @Command(
      name = "inbox",
      description = "Show unread messages; they stay unread.",
      mixinStandardHelpOptions = true)
  static final class Inbox implements Callable<Integer> {
    private final Main main;

    Inbox(Main main) {
      this.main = main;
    }

    @Option(names = "--limit", defaultValue = "1000", description = "At most so many, 1 to 1000.")
    private int limit;

    @Option(names = "--output", paramLabel = "text|json")
    private Output output = Output.TEXT;

    @Override
    public Integer call() {
      if (limit < 1 || limit > 1000) {
        throw new CommandFailure(ExitCodes.USAGE, "--limit is 1 to 1000, not " + limit + ".");
      }
      Printer printer = main.printer(output == Output.JSON);
      FetchedMessages fetched = main.session().fetch(limit);
      fetched.messages().forEach(printer::message);
      if (fetched.messages().isEmpty()) {
        printer.remark("No unread messages.");
      } else if (fetched.remainingCount() > 0) {
        printer.remark("... and " + fetched.remainingCount() + " more.");
      }
      return ExitCodes.OK;
    }
  }

  @Command(
      name = "receive",
      description = "Show unread messages and mark them read.",
      mixinStandardHelpOptions = true)
  static final class Receive implements Callable<Integer> {
    private final Main main;

    Receive(Main main) {
      this.main = main;
    }

    @Option(names = "--follow", description = "Stay, and show messages as they come.")
    private boolean follow;

    @Option(names = "--output", paramLabel = "text|json")
    private Output output = Output.TEXT;

    @Override
    public Integer call() throws InterruptedException {
      Printer printer = main.printer(output == Output.JSON);
      return new Receiving(main, main.session(), printer, follow).run();
    }
  }

  @Command(
      name = "history",
      description = "Show the messages to and from somebody, oldest first.",
      mixinStandardHelpOptions = true)
  static final class History implements Callable<Integer> {
    private final Main main;

    History(Main main) {
      this.main = main;
    }

    @Parameters(paramLabel = "NAME")
    private String peer = "";

    @Option(names = "--limit", defaultValue = "50", description = "The newest so many.")
    private int limit;

    @Option(names = "--output", paramLabel = "text|json")
    private Output output = Output.TEXT;

    @Override
    public Integer call() {
      Printer printer = main.printer(output == Output.JSON);
      newest(main.session(), peer, limit).forEach(printer::message);
      return ExitCodes.OK;
    }
  }

  /** The newest messages with somebody, oldest first. */
  static List<ChatMessage> newest(ChatSession session, String peer, int limit) {
    try (Stream<ChatMessage> history = session.history(peer)) {
      List<ChatMessage> messages = new ArrayList<>(history.limit(Math.max(0, limit)).toList());
      Collections.reverse(messages);
      return messages;
    }
  }
}
