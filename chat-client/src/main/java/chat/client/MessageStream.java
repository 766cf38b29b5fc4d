package chat.client;

import chat.v1.ChatServiceGrpc;
import chat.v1.ReceiveMessagesRequest;
import chat.v1.ReceiveMessagesResponse;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A session's messages, each exactly once and in order, through the death of any server: when the
 * stream breaks, or is silent for too long ({@link ChatClient.Builder#streamSilence}), it is opened
 * again on whoever is primary then, after the last message it told; repeats are known by their ids
 * and dropped.
 *
 * <p>The caller pulls. Whoever pulls slowly holds the server back: at most {@value #CAPACITY}
 * messages wait here. Thread-safe; meant for one reader.
 */
public final class MessageStream implements AutoCloseable {
  static final int CAPACITY = 256;

  private final Connections connections;
  private final Channel channel;
  private final Acknowledger acknowledger;
  private final Future<?> watchdog;
  private final Runnable closer = this::clientClosed;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  // Everything below is guarded by the lock.
  private final Deque<ReceiveEvent> queue = new ArrayDeque<>();
  private @Nullable ClientCall<ReceiveMessagesRequest, ReceiveMessagesResponse> call;

  /** Counts openings: what an older call still says is not listened to. */
  private int opening;

  /** Events that the server may send before it is asked for more. */
  private int demand;

  private long lastMessageId;
  private long lastEventNanos;
  private final Backoff backoff = new Backoff(Duration.ofMillis(20), Duration.ofSeconds(1));
  private boolean interruptedTold;
  private boolean closed;
  private @Nullable ChatException failure;

  MessageStream(
      Connections connections, Channel channel, Acknowledger acknowledger, long afterMessageId) {
    this.connections = connections;
    this.channel = channel;
    this.acknowledger = acknowledger;
    this.lastMessageId = afterMessageId;
    long checkMillis = Math.max(10, connections.times().streamDead().toMillis() / 12);
    this.watchdog = connections.repeatedly(Duration.ofMillis(checkMillis), this::check);
  }

  /** Opens it; once. */
  MessageStream start() {
    connections.whenClosed(closer);
    lock.lock();
    try {
      open();
    } finally {
      lock.unlock();
    }
    return this;
  }

  /**
   * Waits for the next event.
   *
   * @return empty if the stream was closed here
   * @throws ChatException if it ended for good: the session was taken over, has expired or is gone
   */
  public Optional<ReceiveEvent> next() throws InterruptedException {
    return await(Long.MAX_VALUE);
  }

  /**
   * Waits for the next event, but not longer than {@code patience}.
   *
   * @return empty if none came, or the stream was closed here
   * @throws ChatException as {@link #next}
   */
  public Optional<ReceiveEvent> poll(Duration patience) throws InterruptedException {
    return await(patience.toNanos());
  }

  private Optional<ReceiveEvent> await(long nanos) throws InterruptedException {
    long left = nanos;
    lock.lockInterruptibly();
    try {
      while (queue.isEmpty() && failure == null && !closed && left > 0) {
        left = changed.awaitNanos(left);
      }
      ReceiveEvent event = closed ? null : queue.poll();
      if (event == null && failure != null && !closed) {
        throw new ChatException(failure.reason(), failure.getMessage(), failure);
      }
      topUp();
      return Optional.ofNullable(event);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Tells the service that everything up to this message is delivered; it never comes again.
   * Returns at once; many at a time become one call.
   */
  public CompletableFuture<Void> acknowledge(ChatMessage message) {
    return acknowledger.acknowledge(message.messageId());
  }

  /** The newest message that this stream has taken in; 0 if none. */
  public long lastMessageId() {
    lock.lock();
    try {
      return lastMessageId;
    } finally {
      lock.unlock();
    }
  }

  /** Ends the stream; messages not acknowledged come again in the next one. */
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      opening++;
      cancel("The stream was closed.");
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    watchdog.cancel(false);
    connections.forget(closer);
  }

  private void open() {
    if (closed || failure != null) {
      return;
    }
    int mine = ++opening;
    ClientCall<ReceiveMessagesRequest, ReceiveMessagesResponse> opened =
        channel.newCall(
            ChatServiceGrpc.getReceiveMessagesMethod(), CallOptions.DEFAULT.withWaitForReady());
    opened.start(new StreamListener<>(new Events(), lock, mine), new Metadata());
    opened.sendMessage(
        ReceiveMessagesRequest.newBuilder().setAfterMessageId(lastMessageId).build());
    opened.halfClose();
    call = opened;
    demand = 0;
    lastEventNanos = System.nanoTime();
    topUp();
  }

  private void cancel(String why) {
    if (call != null) {
      call.cancel(why, null);
      call = null;
    }
  }

  /** Asks the server for as many events as there is room for. */
  private void topUp() {
    int room = CAPACITY - queue.size() - demand;
    if (call != null && room > 0) {
      if (demand == 0) {
        // It could not speak while it was not asked: its silence begins now.
        lastEventNanos = System.nanoTime();
      }
      demand += room;
      call.request(room);
    }
  }

  private void check() {
    boolean dead;
    lock.lock();
    try {
      long silentNanos = System.nanoTime() - lastEventNanos;
      // Room for events and none comes, whatever is thought to be on its way: a call, a request for
      // more, a reconnection. Nothing that should have woken this stream may leave it asleep.
      boolean wanting = demand > 0 || queue.isEmpty();
      dead =
          wanting
              && !closed
              && failure == null
              && silentNanos > connections.times().streamDead().toNanos();
      if (dead) {
        cancel("The stream is silent.");
        interrupted("The stream has gone silent; reconnecting.");
        open();
      }
    } finally {
      lock.unlock();
    }
    if (dead) {
      connections.suspectPrimary();
    }
  }

  private void interrupted(String reason) {
    if (!interruptedTold) {
      interruptedTold = true;
      queue.add(new ReceiveEvent.Interrupted(reason));
      changed.signalAll();
    }
  }

  private void take(ReceiveMessagesResponse response) {
    demand--;
    lastEventNanos = System.nanoTime();
    backoff.reset();
    if (interruptedTold) {
      interruptedTold = false;
      queue.add(new ReceiveEvent.Resumed());
    }
    switch (response.getEventCase()) {
      case MESSAGE -> {
        ChatMessage message = Wire.message(response.getMessage());
        if (message.messageId() > lastMessageId) {
          lastMessageId = message.messageId();
          queue.add(new ReceiveEvent.Arrived(message));
        }
      }
      case CAUGHT_UP -> queue.add(new ReceiveEvent.CaughtUp());
      case HEARTBEAT, EVENT_NOT_SET -> {
        // It lives. An event of a later version says no more than that.
      }
    }
    changed.signalAll();
    topUp();
  }

  private void resumeOrFail(ServerError error) {
    call = null;
    connections.learnFrom(error.exception());
    if (error.kind() == ServerError.Kind.DEFINITE) {
      failure = error.exception();
      watchdog.cancel(false);
      changed.signalAll();
      return;
    }
    interrupted(error.exception().getMessage());
    int broken = opening;
    if (!connections.later(error.pause(backoff), () -> reopen(broken))) {
      failure = connections.closedException();
      changed.signalAll();
    }
  }

  private void reopen(int broken) {
    lock.lock();
    try {
      if (opening == broken) {
        open();
      }
    } finally {
      lock.unlock();
    }
  }

  private void clientClosed() {
    lock.lock();
    try {
      if (failure == null) {
        failure = connections.closedException();
      }
      opening++;
      call = null;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** What the current opening's call says; with the lock held. */
  private final class Events implements StreamListener.Owner<ReceiveMessagesResponse> {
    @Override
    public boolean isCurrent(int candidate) {
      return opening == candidate;
    }

    @Override
    public @Nullable Runnable received(ReceiveMessagesResponse response) {
      take(response);
      return null;
    }

    @Override
    public @Nullable Runnable ended(Status status, Metadata trailers) {
      resumeOrFail(ServerError.of(status.asRuntimeException(trailers)));
      return null;
    }
  }
}
