package chat.client;

import chat.common.ErrorReason;
import chat.v1.ChatServiceGrpc;
import chat.v1.SendMessagesRequest;
import chat.v1.SendMessagesResponse;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Sends many messages over one stream, several on the way at a time, and keeps their order: after a
 * break everything that has no answer is sent again, in order and with the same ids, to whoever is
 * primary then. {@link #send} blocks while as many as agreed are on the way: that is the
 * back-pressure. Thread-safe; messages of several threads are in the order of their {@code send}.
 */
public final class MessageSender implements AutoCloseable {
  /** So often a message meets a broken server before it is given up. */
  private static final int BROKEN_MAX = 3;

  private final Connections connections;
  private final Channel channel;
  private final RequestIds requestIds;
  private final int inFlightMax;
  private final Future<?> watchdog;
  private final Runnable closer = this::clientClosed;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  // Everything below is guarded by the lock. Futures are completed outside of it.
  private final SendWindow window = new SendWindow(lock, changed);
  private @Nullable ClientCall<SendMessagesRequest, SendMessagesResponse> call;
  private int opening;
  private boolean reopening;

  private long lastProgressNanos;
  private final Backoff backoff = new Backoff(Duration.ofMillis(20), Duration.ofMillis(500));
  private boolean closed;
  private @Nullable ChatException failure;

  MessageSender(Connections connections, Channel channel, RequestIds requestIds, int inFlightMax) {
    if (inFlightMax < 1 || inFlightMax > 1024) {
      throw new IllegalArgumentException("1 to 1024 in flight, not " + inFlightMax);
    }
    this.connections = connections;
    this.channel = channel;
    this.requestIds = requestIds;
    this.inFlightMax = inFlightMax;
    long checkMillis = Math.max(10, connections.times().attempt().toMillis() / 10);
    this.watchdog = connections.repeatedly(Duration.ofMillis(checkMillis), this::check);
  }

  /** Makes it known to the client that it must be ended with; once. */
  MessageSender start() {
    connections.whenClosed(closer);
    return this;
  }

  /**
   * Sends a message, after waiting for room. The future ends with the receipt, with the {@link
   * ChatException} of a definite refusal, or with {@link OutcomeUnknownException} after the call
   * timeout. What is done when it ends must not block: the answers behind it wait.
   *
   * @throws IllegalStateException if the sender is closed
   * @throws ChatException if the session has ended
   */
  public CompletableFuture<SentMessage> send(String recipient, String text)
      throws InterruptedException {
    return send(recipient, text, requestIds.next());
  }

  /** The same with an id of the caller's, to ask again about a message of unknown outcome. */
  public CompletableFuture<SentMessage> send(String recipient, String text, String requestId)
      throws InterruptedException {
    SendMessagesRequest request =
        SendMessagesRequest.newBuilder()
            .setRecipient(recipient)
            .setText(text)
            .setRequestId(requestId)
            .build();
    lock.lockInterruptibly();
    try {
      while (window.size() >= inFlightMax && !closed && failure == null) {
        changed.await();
      }
      if (closed) {
        throw new IllegalStateException("The sender is closed.");
      }
      if (failure != null) {
        throw new ChatException(failure.reason(), failure.getMessage(), failure);
      }
      long now = System.nanoTime();
      PendingSend pending = new PendingSend(request, now + connections.times().whole().toNanos());
      if (window.isEmpty()) {
        lastProgressNanos = now;
      }
      window.add(pending);
      if (call != null) {
        pending.sendOn(call);
      } else if (!reopening) {
        open();
      }
      return pending.future();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits until everything sent has an answer of some kind, and all futures are completed. Not to
   * be called from one of them.
   */
  public void flush() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (!window.isSettled()) {
        changed.await();
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits no longer for the answers that are missing: those futures end as if their time were over.
   * For who sends again what had no answer and wants it in its order: a message that is sent again
   * comes after those that are still waited for.
   */
  public void giveUpWaiting() {
    Runnable complete;
    lock.lock();
    try {
      opening++;
      reopening = false;
      if (call != null) {
        call.cancel("What has no answer is given up.", null);
        call = null;
      }
      complete = window.takeAll(this::tooLate);
    } finally {
      lock.unlock();
    }
    complete.run();
  }

  /**
   * Takes no more, waits for the answers that are missing (at most the call timeout) and ends the
   * stream. Not to be called from one of the futures.
   */
  @Override
  public void close() {
    boolean interrupted = false;
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
      while (!window.isSettled() && !interrupted) {
        try {
          changed.await();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
      opening++;
      if (call != null) {
        if (interrupted) {
          call.cancel("The sender was interrupted while closing.", null);
        } else {
          call.halfClose();
        }
        call = null;
      }
    } finally {
      lock.unlock();
    }
    watchdog.cancel(false);
    connections.forget(closer);
    if (interrupted) {
      Thread.currentThread().interrupt();
      giveUp(connections.closedException());
    }
  }

  private void open() {
    int mine = ++opening;
    reopening = false;
    ClientCall<SendMessagesRequest, SendMessagesResponse> opened =
        channel.newCall(
            ChatServiceGrpc.getSendMessagesMethod(), CallOptions.DEFAULT.withWaitForReady());
    opened.start(new StreamListener<>(new Answered(), lock, mine), new Metadata());
    // Never more answers than messages on the way; what is on the way is bounded.
    opened.request(Integer.MAX_VALUE);
    call = opened;
    lastProgressNanos = System.nanoTime();
    window.sendAllOn(opened);
  }

  /** Ends this opening and begins the next after a pause; with the lock held. */
  private void reopenAfter(Duration wait) {
    int broken = ++opening;
    if (call != null) {
      call.cancel("Starting again from the first message without an answer.", null);
      call = null;
    }
    reopening = true;
    // False only when the client is closed, which ends everything by itself.
    boolean unused = connections.later(wait, () -> reopen(broken));
  }

  private void reopen(int broken) {
    lock.lock();
    try {
      if (opening == broken) {
        reopening = false;
        if (!window.isEmpty()) {
          open();
        }
      }
    } finally {
      lock.unlock();
    }
  }

  private void check() {
    Runnable complete;
    boolean silent;
    lock.lock();
    try {
      long now = System.nanoTime();
      complete = window.takeLate(now, this::tooLate);
      silent =
          call != null
              && !window.isEmpty()
              && now - lastProgressNanos > connections.times().attempt().toNanos();
      if (silent) {
        reopenAfter(Duration.ZERO);
      }
    } finally {
      lock.unlock();
    }
    if (silent) {
      connections.suspectPrimary();
    }
    // Whoever waits for these futures must not hold up the timer.
    connections.callBack(complete);
  }

  private void tooLate(PendingSend pending) {
    pending.giveUp(
        ServerError.definite(
            ErrorReason.NO_PRIMARY,
            "No primary answered in time at " + connections.serversInWords() + "."));
  }

  private @Nullable Runnable answered(SendMessagesResponse response) {
    PendingSend pending = window.find(response.getRequestId());
    if (pending == null) {
      // Answered before, or never asked.
      return null;
    }
    lastProgressNanos = System.nanoTime();
    switch (response.getOutcomeCase()) {
      case ACCEPTED -> {
        if (!Wire.isReceipt(response.getAccepted())) {
          reopenAfter(backoff.next());
          return null;
        }
        return answered(
            pending,
            () ->
                pending
                    .future()
                    .complete(Wire.sent(response.getAccepted(), response.getRequestId())));
      }
      case ERROR -> {
        ServerError error = ServerError.of(response.getError(), null);
        if (error.tooLarge()) {
          // On the stream it is about this message, whatever the limit there is.
          return refuseTooLarge(pending, error.exception());
        }
        if (error.kind() == ServerError.Kind.DEFINITE) {
          if (pending.times() > 1 && error.precedesRequestIds()) {
            // An earlier attempt may have been accepted: this answer came before anybody looked.
            return answered(pending, () -> pending.giveUp(error.exception()));
          }
          return answered(pending, () -> pending.future().completeExceptionally(error.exception()));
        }
        if (error.kind() == ServerError.Kind.REPEAT_FEW && pending.times() >= BROKEN_MAX) {
          return answered(pending, () -> pending.giveUp(error.exception()));
        }
        // Repeated alone it would come after those behind it: all of them start again.
        reopenAfter(error.pause(backoff));
        return null;
      }
      case OUTCOME_NOT_SET -> {
        reopenAfter(backoff.next());
        return null;
      }
    }
    return null;
  }

  private Runnable answered(PendingSend pending, Runnable tell) {
    backoff.reset();
    return window.answered(pending, tell);
  }

  private @Nullable Runnable resumeOrFail(ServerError error) {
    call = null;
    connections.learnFrom(error.exception());
    Runnable refuse = error.tooLarge() ? refuseTooLarge(error) : null;
    if (error.kind() == ServerError.Kind.DEFINITE && !error.tooLarge()) {
      failure = error.exception();
      return () -> giveUp(error.exception());
    }
    if (window.isEmpty()) {
      // Opened again by the next message.
      opening++;
      return refuse;
    }
    reopenAfter(error.pause(backoff));
    return refuse;
  }

  /**
   * Takes out the one message that no server takes, so that those behind it go on. The service does
   * not say which it was, and its limit is an operator's choice; but the largest is above that if
   * any is.
   */
  private @Nullable Runnable refuseTooLarge(ServerError error) {
    boolean said = error.kind() == ServerError.Kind.DEFINITE;
    return window
        .largest()
        .filter(pending -> said || ServerError.ofLargeRequest(pending.bytes()).isPresent())
        .map(pending -> refuseTooLarge(pending, error.exception()))
        .orElse(null);
  }

  private Runnable refuseTooLarge(PendingSend pending, ChatException said) {
    ChatException why = ServerError.ofLargeRequest(pending.bytes()).orElse(said);
    return answered(pending, () -> pending.future().completeExceptionally(why));
  }

  private void giveUp(ChatException why) {
    Runnable complete;
    lock.lock();
    try {
      complete = window.takeAll(pending -> pending.giveUp(why));
    } finally {
      lock.unlock();
    }
    complete.run();
  }

  private void clientClosed() {
    ChatException why = connections.closedException();
    lock.lock();
    try {
      failure = why;
      opening++;
      call = null;
    } finally {
      lock.unlock();
    }
    giveUp(why);
  }

  /** What the current opening's call says; with the lock held. */
  private final class Answered implements StreamListener.Owner<SendMessagesResponse> {
    @Override
    public boolean isCurrent(int candidate) {
      return opening == candidate;
    }

    @Override
    public @Nullable Runnable received(SendMessagesResponse response) {
      return answered(response);
    }

    @Override
    public @Nullable Runnable ended(Status status, Metadata trailers) {
      return resumeOrFail(ServerError.of(status.asRuntimeException(trailers)));
    }
  }
}
