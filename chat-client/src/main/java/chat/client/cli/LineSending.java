package chat.client.cli;

import chat.client.ChatException;
import chat.client.ChatSession;
import chat.client.MessageSender;
import chat.client.SentMessage;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/** Sends each line of standard input as a message, in order, and says how many were accepted. */
final class LineSending {
  private static final int IN_FLIGHT = 64;

  private final Surroundings surroundings;
  private final ChatSession session;
  private final String recipient;
  private final Printer printer;
  private final AtomicLong accepted = new AtomicLong();
  private final AtomicReference<ChatException> firstFailure = new AtomicReference<>();

  LineSending(Surroundings surroundings, ChatSession session, String recipient, Printer printer) {
    this.surroundings = surroundings;
    this.session = session;
    this.recipient = recipient;
    this.printer = printer;
  }

  int run() throws InterruptedException {
    long lines = 0;
    try (MessageSender sender = session.openSender(IN_FLIGHT)) {
      String line = surroundings.readLine();
      while (line != null && firstFailure.get() == null) {
        // The service takes no blank message.
        if (!line.isBlank()) {
          lines++;
          CompletableFuture<?> unused = sender.send(recipient, line).whenComplete(this::count);
        }
        line = surroundings.readLine();
      }
    }
    printer.print(
        accepted + " of " + lines + " lines accepted.",
        Main.fields("accepted", accepted.get(), "lines", lines));
    ChatException failure = firstFailure.get();
    if (failure != null) {
      throw failure;
    }
    return ExitCodes.OK;
  }

  private void count(SentMessage sent, Throwable failure) {
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    if (cause == null) {
      accepted.incrementAndGet();
    } else if (cause instanceof ChatException refused) {
      firstFailure.compareAndSet(null, refused);
    }
  }
}
