package chat.server.api;

import chat.v1.CaughtUp;
import chat.v1.Heartbeat;
import chat.v1.Message;
import chat.v1.ReceiveMessagesResponse;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One open {@code ReceiveMessages} call: every message of an inbox after a cursor, in order,
 * without gap or repeat, as fast as the client reads and no faster.
 *
 * <p>Two sources feed it. Pages from the database hold everything that is applied. {@link #offer}
 * brings each message anew when it has been applied; it goes to a bounded buffer. The seam between
 * them: <em>first</em> the buffer is emptied and opened, <em>then</em> a page is read. A message
 * that was applied before the page was read is in the page; one applied after it is offered after
 * the buffer was opened, so it is in the buffer; one that is in both is known by its id, which only
 * grows. When the buffer overflows, because the client is slow, what it held is forgotten and the
 * stream goes back to reading pages: a slow client costs one buffer and one page of memory, both of
 * them bounded in bytes too. One that takes nothing at all for {@link CallLimits#stallMax} loses
 * its stream, and with it what was kept for it; what it did not get it gets when it comes back.
 *
 * <p>Thread-safe. The apply thread offers; turns on the {@link SerialExecutor} do all the sending;
 * they alone touch the fields marked "turn".
 */
final class MessageStream {
  /** Reads an inbox: messages with greater ids than the given one, ascending, at most so many. */
  interface Pages {
    List<Message> after(long messageId, int count);
  }

  /** Sends before other streams get the thread. */
  private static final int SENDS_PER_TURN = 128;

  /** Bound of the buffer for long messages; short ones are bounded by their count. */
  private static final int BUFFER_BYTES_MAX = 256 * 1024;

  /** What a page should have: after one of long messages the next ones are shorter. */
  private static final int PAGE_BYTES = 256 * 1024;

  /** A client that has been told that its stream is over takes that within this time, or never. */
  private static final long LAST_WORD_NANOS = Duration.ofSeconds(10).toNanos();

  private final ServerCallStreamObserver<ReceiveMessagesResponse> call;
  private final Limits limits;
  private final SerialExecutor turns;
  private final long streamId;
  private final SessionKey session;
  private final long afterMessageId;
  private final BooleanSupplier suspended;
  private final Runnable abort;
  private final Consumer<MessageStream> whenOver;

  private final Object lock = new Object();
  // Guarded by lock.
  private final Deque<Message> buffer = new ArrayDeque<>();
  private boolean buffering;
  private int bufferedBytes;
  private boolean turnQueued;
  private @Nullable StatusRuntimeException ending;

  private volatile boolean over;
  private volatile boolean attaching;
  private volatile int connection;
  private volatile long accountId;
  private volatile long lastSentNanos = System.nanoTime();

  // Turn.
  private @Nullable Pages pages;
  private final Deque<Message> page = new ArrayDeque<>();
  private long lastSentId;
  private boolean pageWasLast;
  private boolean caughtUpSent;
  private int pageMessages;

  /**
   * @param abort resets the call when its end is not taken either
   * @param suspended while true, nothing is sent, not even heartbeats: the server may have lost its
   *     role; {@link #wake} when it turns false
   * @param whenOver called once or twice when the call has ended, for whatever reason
   */
  MessageStream(
      ServerCallStreamObserver<ReceiveMessagesResponse> call,
      long streamId,
      SessionKey session,
      long afterMessageId,
      Limits limits,
      Executor threads,
      BooleanSupplier suspended,
      Runnable abort,
      Consumer<MessageStream> whenOver) {
    this.call = call;
    this.streamId = streamId;
    this.session = session;
    this.afterMessageId = afterMessageId;
    this.limits = limits;
    this.suspended = suspended;
    this.abort = abort;
    this.whenOver = whenOver;
    this.pageMessages = limits.streamPageMessages();
    this.turns = new SerialExecutor(threads);
  }

  long streamId() {
    return streamId;
  }

  SessionKey session() {
    return session;
  }

  /** What the client asked to start after. */
  long afterMessageId() {
    return afterMessageId;
  }

  /** The same number for all streams of one connection. */
  int connection() {
    return connection;
  }

  void comesBy(int itsConnection) {
    connection = itsConnection;
  }

  /** Whose inbox it is; 0 until that is known. */
  long accountId() {
    return accountId;
  }

  void belongsTo(long account) {
    accountId = account;
  }

  /** Its command is on its way from now on. */
  void attaching() {
    attaching = true;
  }

  boolean isAttaching() {
    return attaching;
  }

  /** Whether nothing will be sent any more. */
  boolean isOver() {
    return over;
  }

  /** Begins to send what comes after {@code afterMessageId}. Called once, from any thread. */
  void start(Pages source, long afterMessageId) {
    turns.execute(
        () -> {
          pages = source;
          lastSentId = afterMessageId;
        });
    wake();
  }

  /** Brings a message that has just become visible to {@link Pages}. Never blocks. */
  void offer(Message message) {
    synchronized (lock) {
      if (!buffering) {
        return;
      }
      bufferedBytes += message.getSerializedSize();
      if (buffer.size() < limits.streamBufferMessages() && bufferedBytes <= BUFFER_BYTES_MAX) {
        buffer.add(message);
      } else {
        closeBuffer();
      }
    }
    // After an overflow too: the turn that runs now may just have found the buffer empty.
    wake();
  }

  /** Ends the call with a status; what it is about to send now may still go out before. */
  void end(StatusRuntimeException status) {
    synchronized (lock) {
      if (ending == null) {
        ending = status;
      }
    }
    wake();
  }

  /** The client has gone: nothing is to be sent any more. */
  void cancelled() {
    over = true;
    synchronized (lock) {
      closeBuffer();
    }
    turns.execute(page::clear);
    whenOver.accept(this);
  }

  /** Sends a heartbeat if the stream has been silent for the interval. */
  void heartbeatIfIdle(long nowNanos) {
    if (nowNanos - lastSentNanos >= limits.heartbeatInterval().toNanos()) {
      turns.execute(
          () -> {
            // Before the start a heartbeat says: the attachment is on its way.
            boolean idle = nowNanos - lastSentNanos >= limits.heartbeatInterval().toNanos();
            if (idle && !over && !suspended.getAsBoolean() && call.isReady()) {
              send(
                  ReceiveMessagesResponse.newBuilder()
                      .setHeartbeat(Heartbeat.getDefaultInstance())
                      .build());
            }
          });
    }
  }

  /**
   * Ends the call if its client reads nothing, though something is there for it.
   *
   * @return whether it does so now: then {@link #isGone} is to be asked until it says yes
   */
  boolean endIfStalled(long nowNanos) {
    // The time first: whoever reads has had a heartbeat lately, and to ask costs more.
    if (over || nowNanos - lastSentNanos < limits.calls().stallMax().toNanos() || call.isReady()) {
      return false;
    }
    end(ErrorMapping.status(OutcomeRefusals.slowReceiver(limits.calls().stallMax())));
    return true;
  }

  /**
   * Of a call that has been ended: whether nothing is kept for it any more. Sees to it in the end.
   */
  boolean isGone(long nowNanos) {
    if (!call.isCancelled() && nowNanos - lastSentNanos < goneAfterNanos()) {
      return false;
    }
    abort.run();
    return true;
  }

  private long goneAfterNanos() {
    return limits.calls().stallMax().toNanos() + LAST_WORD_NANOS;
  }

  /**
   * Takes a turn whether or not anything is known to be there: a stream that missed being woken,
   * for whatever reason, goes on before long.
   */
  void look() {
    turns.execute(this::turn);
  }

  /** Queues a turn, unless one is queued that has not begun. */
  void wake() {
    synchronized (lock) {
      if (turnQueued) {
        return;
      }
      turnQueued = true;
    }
    turns.execute(this::turn);
  }

  private void turn() {
    StatusRuntimeException status;
    synchronized (lock) {
      turnQueued = false;
      status = ending;
    }
    if (over) {
      return;
    }
    if (status != null) {
      finish(status);
      return;
    }
    try {
      sendWhatIsReady();
    } catch (RuntimeException e) {
      finish(ErrorMapping.status(e, true));
    }
  }

  private void finish(StatusRuntimeException status) {
    cancelled();
    call.onError(status);
  }

  private void sendWhatIsReady() {
    for (int sent = 0; !over && !suspended.getAsBoolean() && call.isReady(); sent++) {
      if (sent >= SENDS_PER_TURN) {
        wake();
        return;
      }
      Message message = next();
      if (message != null) {
        lastSentId = message.getMessageId();
        send(ReceiveMessagesResponse.newBuilder().setMessage(message).build());
      } else if (pages != null && pageWasLast && !caughtUpSent) {
        caughtUpSent = true;
        send(
            ReceiveMessagesResponse.newBuilder()
                .setCaughtUp(CaughtUp.getDefaultInstance())
                .build());
      } else {
        return;
      }
    }
  }

  private @Nullable Message next() {
    if (!page.isEmpty()) {
      return page.poll();
    }
    if (pages == null) {
      return null;
    }
    boolean level;
    synchronized (lock) {
      level = buffering && pageWasLast;
    }
    while (!level) {
      readPage(pages);
      if (!page.isEmpty()) {
        return page.poll();
      }
      synchronized (lock) {
        // An overflow while the page was read: what it dropped is in the next page.
        level = buffering && pageWasLast;
      }
    }
    if (!caughtUpSent) {
      // The marker goes between what waited and what is live.
      return null;
    }
    return nextLive();
  }

  private @Nullable Message nextLive() {
    synchronized (lock) {
      for (Message message = buffer.poll(); message != null; message = buffer.poll()) {
        bufferedBytes -= message.getSerializedSize();
        if (message.getMessageId() > lastSentId) {
          return message;
        }
      }
      return null;
    }
  }

  private void readPage(Pages source) {
    synchronized (lock) {
      // Before the page is read: this order closes the seam.
      buffering = true;
    }
    List<Message> read = source.after(lastSentId, pageMessages);
    pageWasLast = read.size() < pageMessages;
    page.addAll(read);
    long bytes = 1;
    for (Message message : read) {
      bytes += message.getSerializedSize();
    }
    pageMessages =
        (int)
            Math.max(
                1, Math.min(limits.streamPageMessages(), (long) PAGE_BYTES * read.size() / bytes));
  }

  private void closeBuffer() {
    buffering = false;
    buffer.clear();
    bufferedBytes = 0;
  }

  private void send(ReceiveMessagesResponse response) {
    lastSentNanos = System.nanoTime();
    call.onNext(response);
  }
}
