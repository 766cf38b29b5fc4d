package chat.server.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import chat.v1.Message;
import chat.v1.ReceiveMessagesResponse;
import chat.v1.ReceiveMessagesResponse.EventCase;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MessageStreamTest {
  private static final Limits SMALL =
      Limits.builder().streamBufferMessages(4).streamPageMessages(3).build();

  private final ExecutorService threads = Executors.newFixedThreadPool(2);
  private final AtomicInteger aborted = new AtomicInteger();
  private final Inbox inbox = new Inbox();
  private final Call call = new Call();
  private final List<MessageStream> over = new CopyOnWriteArrayList<>();
  private final MessageStream stream =
      new MessageStream(
          call,
          1,
          SessionKey.ofToken("t"),
          0,
          SMALL,
          threads,
          () -> false,
          aborted::incrementAndGet,
          over::add);

  @AfterEach
  void stop() {
    threads.shutdownNow();
  }

  @Test
  void theBacklogComesFirstThenTheMarkerThenWhatIsNew() {
    LongStream.rangeClosed(1, 10).forEach(inbox::add);
    stream.start(inbox, 2);
    await().until(() -> call.caughtUpAfter() == 8);
    stream.offer(inbox.add(11));
    await().until(() -> call.ids().size() == 9);
    assertThat(call.ids()).containsExactlyElementsOf(range(3, 11));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void noGapAndNoRepeatWhileMessagesArriveAndTheReaderStalls(long seed) throws Exception {
    int total = 10_000;
    Thread applier =
        new Thread(
            () -> {
              for (int id = 1; id <= total; id++) {
                stream.offer(inbox.add(id));
                if (id == total / 20) {
                  stream.start(inbox, 0);
                }
              }
            });
    applier.start();
    Random random = new Random(seed);
    await()
        .pollInSameThread()
        .pollInterval(java.time.Duration.ofMillis(1))
        .until(
            () -> {
              // The last decision must be "ready", or the rest never comes.
              boolean ready = random.nextBoolean() || !applier.isAlive();
              call.ready = ready;
              if (ready) {
                stream.wake();
              }
              return call.ids().size() >= total;
            });
    applier.join();
    assertThat(call.ids()).containsExactlyElementsOf(range(1, total));
    assertThat(call.caughtUps.get()).isEqualTo(1);
  }

  @Test
  void aSlowReceiverIsServedFromPagesOnceItReadsAgain() {
    stream.start(inbox, 0);
    await().until(() -> call.caughtUpAfter() == 0);
    call.ready = false;
    LongStream.rangeClosed(1, 100).forEach(id -> stream.offer(inbox.add(id)));
    assertThat(call.ids()).isEmpty();
    call.ready = true;
    stream.wake();
    await().until(() -> call.ids().size() == 100);
    assertThat(call.ids()).containsExactlyElementsOf(range(1, 100));
  }

  @Test
  void aSuspendedStreamSendsNothingAndGoesOnAfterwards() {
    AtomicBoolean suspended = new AtomicBoolean();
    MessageStream stream =
        new MessageStream(
            call,
            1,
            SessionKey.ofToken("t"),
            0,
            SMALL,
            Runnable::run,
            suspended::get,
            () -> {},
            over::add);
    stream.start(inbox, 0);
    assertThat(call.caughtUpAfter()).isZero();
    suspended.set(true);
    stream.offer(inbox.add(1));
    stream.heartbeatIfIdle(System.nanoTime() + SMALL.heartbeatInterval().toNanos());
    stream.wake();
    assertThat(call.ids()).isEmpty();
    suspended.set(false);
    stream.wake();
    assertThat(call.ids()).containsExactly(1L);
    assertThat(call.heartbeats.get()).isZero();
  }

  @Test
  void anIdleStreamSendsHeartbeats() {
    stream.start(inbox, 0);
    await().until(() -> call.caughtUpAfter() == 0);
    stream.heartbeatIfIdle(System.nanoTime());
    stream.heartbeatIfIdle(System.nanoTime() + SMALL.heartbeatInterval().toNanos());
    await().until(() -> call.heartbeats.get() == 1);
  }

  @Test
  void anEndedStreamGivesItsStatusAndSendsNothingMore() {
    stream.start(inbox, 0);
    stream.end(Status.UNAVAILABLE.asRuntimeException());
    await().until(() -> call.error != null);
    stream.offer(inbox.add(1));
    stream.end(Status.INTERNAL.asRuntimeException());
    stream.wake();
    assertThat(call.ids()).isEmpty();
    assertThat(Status.fromThrowable(call.error()).getCode()).isEqualTo(Status.Code.UNAVAILABLE);
  }

  @Test
  void anInboxThatCannotBeReadEndsTheStream() {
    stream.start(
        (after, count) -> {
          throw new IllegalStateException("no database");
        },
        0);
    await().until(() -> call.error != null);
    assertThat(Status.fromThrowable(call.error()).getCode()).isEqualTo(Status.Code.INTERNAL);
    assertThat(call.error()).hasMessageNotContaining("database");
    assertThat(over).containsExactly(stream);
  }

  private static List<Long> range(long from, long to) {
    return LongStream.rangeClosed(from, to).boxed().toList();
  }

  /** What is applied: a message is visible here before it is offered. */
  private static final class Inbox implements MessageStream.Pages {
    private final List<Message> messages = new ArrayList<>();

    synchronized Message add(long id) {
      Message message = Message.newBuilder().setMessageId(id).setText("m" + id).build();
      messages.add(message);
      return message;
    }

    @Override
    public synchronized List<Message> after(long messageId, int count) {
      return messages.stream()
          .skip(messageId)
          .filter(m -> m.getMessageId() > messageId)
          .limit(count)
          .toList();
    }
  }

  private static final class Call extends ServerCallStreamObserver<ReceiveMessagesResponse> {
    private final List<Long> ids = Collections.synchronizedList(new ArrayList<>());
    private final AtomicInteger heartbeats = new AtomicInteger();
    private final AtomicInteger caughtUps = new AtomicInteger();
    private volatile int caughtUpAfter = -1;
    private volatile boolean ready = true;
    private volatile @Nullable Throwable error;

    List<Long> ids() {
      synchronized (ids) {
        return List.copyOf(ids);
      }
    }

    int caughtUpAfter() {
      return caughtUpAfter;
    }

    Throwable error() {
      Throwable thrown = error;
      return thrown == null ? new StatusRuntimeException(Status.OK) : thrown;
    }

    @Override
    public void onNext(ReceiveMessagesResponse event) {
      if (event.getEventCase() == EventCase.MESSAGE) {
        ids.add(event.getMessage().getMessageId());
      } else if (event.getEventCase() == EventCase.CAUGHT_UP) {
        caughtUps.incrementAndGet();
        caughtUpAfter = ids.size();
      } else {
        heartbeats.incrementAndGet();
      }
    }

    @Override
    public void onError(Throwable t) {
      error = t;
    }

    @Override
    public boolean isReady() {
      return ready;
    }

    @Override
    public void onCompleted() {}

    @Override
    public boolean isCancelled() {
      return false;
    }

    @Override
    public void setOnCancelHandler(Runnable handler) {}

    @Override
    public void setCompression(String compression) {}

    @Override
    public void setOnReadyHandler(Runnable handler) {}

    @Override
    public void request(int count) {}

    @Override
    public void setMessageCompression(boolean enable) {}

    @Override
    public void disableAutoInboundFlowControl() {}
  }
}
