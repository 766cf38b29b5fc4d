package chat.client.cli;

import chat.client.ChatException;
import chat.client.ChatSession;
import chat.client.OutcomeUnknownException;
import chat.client.RequestIds;
import chat.client.SentMessage;
import chat.common.ErrorReason;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * What a person has typed and the service has not accepted yet: sent one after the other, in order,
 * and each with the same request id until somebody says yes or no. So a message typed while there
 * is no primary is sent once, however long that lasts. Thread-safe.
 */
final class Outbox implements AutoCloseable {
  private static final long SLOW_MILLIS = 1_000;
  private static final long BREATH_MILLIS = 100;

  /** Told what became of a message, on the outbox's thread. */
  interface Listener {
    void accepted(String recipient, SentMessage sent);

    /**
     * The answer is no.
     *
     * @param doubtful an earlier attempt may have been accepted
     */
    void refused(String recipient, String text, boolean doubtful, ChatException why);

    /**
     * Nobody is asked any more.
     *
     * @param doubtful it may have been accepted
     */
    void dropped(String text, boolean doubtful);

    /** It takes longer than usual. */
    void waiting(int kept);
  }

  private static final class Message {
    final String recipient;
    final String text;
    final String requestId;

    /** An earlier attempt may have been accepted. Touched by the outbox's thread alone. */
    boolean doubtful;

    /** It was sent at least once. Guarded by the outbox. */
    boolean tried;

    /** It has its answer, which is being told. Guarded by the outbox. */
    boolean answered;

    Message(String recipient, String text, String requestId) {
      this.recipient = recipient;
      this.text = text;
      this.requestId = requestId;
    }
  }

  private final ChatSession session;
  private final Listener listener;
  private final RequestIds requestIds = new RequestIds();
  private final Thread thread = new Thread(this::run, "chat-outbox");
  private final Deque<Message> messages = new ArrayDeque<>();
  private @Nullable CompletableFuture<SentMessage> current;
  private boolean closed;

  Outbox(ChatSession session, Listener listener) {
    this.session = session;
    this.listener = listener;
    thread.setDaemon(true);
  }

  Outbox start() {
    thread.start();
    return this;
  }

  synchronized void add(String recipient, String text) {
    messages.add(new Message(recipient, text, requestIds.next()));
    notifyAll();
  }

  /** Those that have no answer. */
  synchronized int size() {
    return messages.size();
  }

  /**
   * Waits until everything has an answer.
   *
   * @return false if that took longer
   */
  synchronized boolean flush(long patienceMillis) throws InterruptedException {
    long end = System.nanoTime() + patienceMillis * 1_000_000;
    long left = patienceMillis;
    while (!messages.isEmpty() && left > 0 && !closed) {
      wait(left);
      left = (end - System.nanoTime()) / 1_000_000;
    }
    return messages.isEmpty();
  }

  private void run() {
    try {
      Message message = head();
      while (message != null) {
        if (trySend(message)) {
          remove();
        }
        message = head();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized @Nullable Message head() throws InterruptedException {
    while (messages.isEmpty() && !closed) {
      wait();
    }
    return closed ? null : messages.getFirst();
  }

  private synchronized void remove() {
    messages.removeFirst();
    notifyAll();
  }

  private synchronized @Nullable CompletableFuture<SentMessage> begin(Message message) {
    if (closed) {
      return null;
    }
    message.tried = true;
    current = session.sendAsync(message.recipient, message.text, message.requestId);
    return current;
  }

  /** Whether the message has its answer. */
  private boolean trySend(Message message) throws InterruptedException {
    CompletableFuture<SentMessage> sending = begin(message);
    if (sending == null) {
      return false;
    }
    try {
      SentMessage sent = outcome(sending);
      answered(message);
      listener.accepted(message.recipient, sent);
      return true;
    } catch (CancellationException e) {
      // It was closed.
      return false;
    } catch (ExecutionException e) {
      ChatException why =
          e.getCause() instanceof ChatException known
              ? known
              : new ChatException(ErrorReason.INTERNAL, "A bug of this client: " + e, e);
      if (why instanceof OutcomeUnknownException || ExitCodes.of(why) == ExitCodes.UNAVAILABLE) {
        message.doubtful |= why instanceof OutcomeUnknownException;
        takeBreath();
        return false;
      }
      answered(message);
      boolean doubtful = message.doubtful && precedesRequestIds(why);
      listener.refused(message.recipient, message.text, doubtful, why);
      return true;
    }
  }

  private synchronized void answered(Message message) {
    message.answered = true;
  }

  /** Whether it is said before anybody looks whether the message is known. */
  private static boolean precedesRequestIds(ChatException why) {
    return switch (why.reason()) {
      case DISK_FULL, RATE_LIMITED, OVERLOADED -> true;
      default -> ExitCodes.of(why) == ExitCodes.NOT_LOGGED_IN;
    };
  }

  private SentMessage outcome(CompletableFuture<SentMessage> sending)
      throws InterruptedException, ExecutionException {
    try {
      return sending.get(SLOW_MILLIS, TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      listener.waiting(size());
      return sending.get();
    }
  }

  /** Whatever ends attempts at once must not make this thread spin. */
  private synchronized void takeBreath() throws InterruptedException {
    long end = System.nanoTime() + BREATH_MILLIS * 1_000_000;
    long left = BREATH_MILLIS;
    while (!closed && left > 0) {
      wait(left);
      left = (end - System.nanoTime()) / 1_000_000;
    }
  }

  /** Gives up what has no answer, and tells what that is. Never blocks. */
  void abandon() {
    List<Message> left;
    synchronized (this) {
      if (closed) {
        return;
      }
      left = messages.stream().filter(message -> !message.answered).toList();
      close();
    }
    left.forEach(message -> listener.dropped(message.text, message.tried));
  }

  /** Gives up what has no answer. */
  @Override
  public synchronized void close() {
    closed = true;
    if (current != null) {
      current.cancel(false);
    }
    notifyAll();
  }
}
