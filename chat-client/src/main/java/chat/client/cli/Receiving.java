package chat.client.cli;

import chat.client.ChatMessage;
import chat.client.ChatSession;
import chat.client.MessageStream;
import chat.client.ReceiveEvent;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Shows messages and marks those read that were really printed. */
final class Receiving {
  private final Main main;
  private final ChatSession session;
  private final Printer printer;
  private final boolean follow;

  Receiving(Main main, ChatSession session, Printer printer, boolean follow) {
    this.main = main;
    this.session = session;
    this.printer = printer;
    this.follow = follow;
  }

  int run() throws InterruptedException {
    CompletableFuture<Void> lastAcknowledged = CompletableFuture.completedFuture(null);
    boolean any = false;
    MessageStream stream = session.receive();
    Interruption interruption = Interruption.watch(stream::close);
    try {
      while (true) {
        Optional<ReceiveEvent> event = stream.next();
        if (event.isEmpty() || (event.get() instanceof ReceiveEvent.CaughtUp && !follow)) {
          break;
        }
        if (event.get() instanceof ReceiveEvent.Arrived arrived) {
          show(arrived.message());
          any = true;
          lastAcknowledged = stream.acknowledge(arrived.message());
        } else if (event.get() instanceof ReceiveEvent.Interrupted) {
          main.surroundings().err().println("Reconnecting ...; nothing is lost.");
        } else if (event.get() instanceof ReceiveEvent.Resumed) {
          main.surroundings().err().println("Connected again.");
        }
      }
      settle(lastAcknowledged);
    } finally {
      stream.close();
      interruption.close();
    }
    if (!any && !follow) {
      printer.remark("No unread messages.");
    }
    return ExitCodes.OK;
  }

  private void show(ChatMessage message) {
    try {
      printer.message(message);
    } catch (CommandFailure e) {
      throw new CommandFailure(
          e.exitCode(), "Nobody reads the output any more; the rest stays unread.", e);
    }
  }

  private static void settle(CompletableFuture<Void> acknowledged) throws InterruptedException {
    try {
      acknowledged.get(15, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new CommandFailure(
          ExitCodes.UNAVAILABLE,
          "The messages above could not be marked read; they will come again.",
          e);
    }
  }
}
