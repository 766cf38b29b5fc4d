package chat.client.bench;

import chat.client.ChatClient;
import chat.client.ChatException;
import chat.client.ChatSession;
import chat.client.SentMessage;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A closed loop through the client library, which finds the new primary when the old one dies, as
 * any program's would. Recipients acknowledge as in {@link Inboxes}. Thread-safe.
 */
final class LibraryLoad implements AutoCloseable {
  private static final Duration NEVER_GIVE_UP = Duration.ofMinutes(10);
  private static final long RETRY_MILLIS = 5;
  private static final long POLL_MILLIS = 5;

  private final ChatClient client;
  private final ChatSession sender;
  private final List<Account> accounts;
  private final BenchOptions options;
  private final AtomicIntegerArray waiting;
  private final String text;
  private final ExecutorService acknowledging =
      Executors.newFixedThreadPool(2, Daemon.named("bench-acknowledges"));
  private final ScheduledExecutorService retries =
      Executors.newSingleThreadScheduledExecutor(Daemon.named("bench-retries"));
  private final AtomicLong accepted = new AtomicLong();
  private final AtomicLong failed = new AtomicLong();
  private final AtomicReference<@Nullable ChatException> refusedAcknowledgement =
      new AtomicReference<>();
  private volatile boolean closed;

  // Guarded by this.
  private long lastNanos = System.nanoTime();
  private long longestGapNanos;
  private long watchedFromCount;

  /** Begins to write. */
  LibraryLoad(String addresses, List<Account> accounts, int inFlight, BenchOptions options) {
    this.accounts = accounts;
    this.options = options;
    this.text = "x".repeat(options.textBytes());
    this.waiting = new AtomicIntegerArray(accounts.size());
    this.client = ChatClient.builder().servers(addresses).callTimeout(NEVER_GIVE_UP).build();
    this.sender = session(accounts.get(0));
    for (int i = 0; i < inFlight; i++) {
      next();
    }
  }

  private ChatSession session(Account account) {
    return client.resume(account.name(), account.token());
  }

  private void next() {
    if (closed) {
      return;
    }
    int recipient = ThreadLocalRandom.current().nextInt(accounts.size());
    var unused =
        sender
            .sendAsync(accounts.get(recipient).name(), text)
            .whenComplete((sent, refused) -> done(recipient, sent));
  }

  private void done(int recipient, @Nullable SentMessage sent) {
    if (sent == null) {
      if (!closed) {
        failed.incrementAndGet();
        var unused = retries.schedule(this::next, RETRY_MILLIS, TimeUnit.MILLISECONDS);
      }
      return;
    }
    long now = System.nanoTime();
    synchronized (this) {
      longestGapNanos = Math.max(longestGapNanos, now - lastNanos);
      lastNanos = now;
    }
    accepted.incrementAndGet();
    if (waiting.incrementAndGet(recipient) % options.acknowledgeEvery() == 0 && !closed) {
      acknowledging.execute(() -> acknowledge(recipient, sent.messageId()));
    }
    next();
  }

  private void acknowledge(int recipient, long messageId) {
    try {
      session(accounts.get(recipient)).acknowledge(messageId);
    } catch (ChatException e) {
      if (!closed) {
        refusedAcknowledgement.compareAndSet(null, e);
      }
    }
  }

  /** Throws if an acknowledgement was refused: then inboxes may be full. */
  void check() {
    ChatException refused = refusedAcknowledgement.get();
    if (refused != null) {
      throw new IllegalStateException("An acknowledgement was refused.", refused);
    }
  }

  /** From now on gaps are looked at; the one that is open now is one of them. */
  synchronized void watch() {
    longestGapNanos = 0;
    watchedFromCount = accepted.get();
  }

  /** The longest time between two acknowledgements that ended since {@link #watch}. */
  synchronized long longestGapNanos() {
    return longestGapNanos;
  }

  /** Waits until so many more messages have been accepted since now. */
  void awaitAccepted(long count, Duration patience) throws InterruptedException {
    long wanted = accepted.get() + count;
    long deadline = System.nanoTime() + patience.toNanos();
    while (accepted.get() < wanted) {
      if (System.nanoTime() - deadline > 0) {
        throw new IllegalStateException(
            "Nothing is accepted after the fault: "
                + (accepted.get() - watchedFromCount)
                + " messages in "
                + patience.toSeconds()
                + " s.");
      }
      TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
    }
  }

  long acceptedCount() {
    return accepted.get();
  }

  long failedCount() {
    return failed.get();
  }

  @Override
  public void close() {
    closed = true;
    acknowledging.shutdownNow();
    retries.shutdownNow();
    client.close();
  }
}
