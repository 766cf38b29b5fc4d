package chat.client.cli;

import chat.client.ChatException;
import chat.client.ChatSession;
import chat.client.MessageStream;
import chat.client.ReceiveEvent;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/** Shows a session's messages as they arrive, on a thread of its own, until it is closed. */
final class LiveMessages implements AutoCloseable {
  private final MessageStream stream;
  private final LineTerminal terminal;
  private final boolean colours;
  private final Consumer<ChatException> ended;
  private final Thread thread;

  /** Counted down when the messages that waited have been shown. */
  private final CountDownLatch caughtUp = new CountDownLatch(1);

  private volatile CompletableFuture<Void> lastAcknowledged =
      CompletableFuture.completedFuture(null);

  /**
   * @param ended told, on the thread, when the session is over
   */
  LiveMessages(
      ChatSession session, LineTerminal terminal, boolean colours, Consumer<ChatException> ended) {
    this.stream = session.receive();
    this.terminal = terminal;
    this.colours = colours;
    this.ended = ended;
    this.thread = new Thread(this::run, "chat-live-messages");
    thread.setDaemon(true);
  }

  LiveMessages start() {
    thread.start();
    return this;
  }

  /** Waits a moment for the messages that waited, so that they are shown before the prompt. */
  void awaitUnread() throws InterruptedException {
    // If it takes longer they come above the prompt.
    boolean unused = caughtUp.await(2, TimeUnit.SECONDS);
  }

  private void run() {
    try {
      Optional<ReceiveEvent> event = stream.next();
      while (event.isPresent() && show(event.get())) {
        event = stream.next();
      }
    } catch (ChatException e) {
      ended.accept(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      caughtUp.countDown();
    }
  }

  /** Whether it was shown: a message that nobody can read stays unread. */
  private boolean show(ReceiveEvent event) {
    if (event instanceof ReceiveEvent.Arrived arrived) {
      terminal.print(Printer.line(arrived.message(), colours));
      if (terminal.isBroken()) {
        return false;
      }
      lastAcknowledged = stream.acknowledge(arrived.message());
    } else if (event instanceof ReceiveEvent.CaughtUp) {
      caughtUp.countDown();
    } else if (event instanceof ReceiveEvent.Interrupted) {
      terminal.print("Reconnecting ...; nothing is lost.");
    } else {
      terminal.print("Connected again.");
    }
    return true;
  }

  /** Ends it at once. */
  void abandon() {
    stream.close();
  }

  /** Ends it, after a moment for the last acknowledgement. */
  @Override
  public void close() {
    try {
      lastAcknowledged.get(1, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      terminal.print("The last messages could not be marked read; they will come again.");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    stream.close();
  }
}
