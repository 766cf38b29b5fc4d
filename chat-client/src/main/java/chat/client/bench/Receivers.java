package chat.client.bench;

import chat.v1.ChatServiceGrpc;
import chat.v1.Message;
import chat.v1.ReceiveMessagesRequest;
import chat.v1.ReceiveMessagesResponse;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.Recorder;

/**
 * Accounts that listen, each on a {@code ReceiveMessages} stream of its own, and acknowledge what
 * comes. A text begins with the time it was sent, which is this process's: so the way from sender
 * to receiver is measured by one clock. Thread-safe.
 */
final class Receivers implements AutoCloseable {
  private static final int OPENING_MAX = 1_000;

  private final List<ClientCall<ReceiveMessagesRequest, ReceiveMessagesResponse>> calls =
      new ArrayList<>();
  private final Inboxes inboxes;
  private final Recorder latencies = new Recorder(3);
  private final LongAdder received = new LongAdder();
  private final CountDownLatch caughtUp;
  private final FirstFailure failure = new FirstFailure();
  private volatile boolean closed;
  private volatile boolean measuring;
  private volatile long measureFromNanos;

  /**
   * Opens the streams, not more at a time than a server that is well lets in.
   *
   * @param channels used in turn
   */
  Receivers(List<ManagedChannel> channels, List<Account> accounts, Inboxes inboxes)
      throws InterruptedException {
    this.inboxes = inboxes;
    this.caughtUp = new CountDownLatch(accounts.size());
    for (int i = 0; i < accounts.size(); i++) {
      while (i - (accounts.size() - caughtUp.getCount()) >= OPENING_MAX && !failure.isThere()) {
        TimeUnit.MILLISECONDS.sleep(1);
      }
      ClientCall<ReceiveMessagesRequest, ReceiveMessagesResponse> call =
          channels
              .get(i % channels.size())
              .newCall(ChatServiceGrpc.getReceiveMessagesMethod(), CallOptions.DEFAULT);
      call.start(new Listener(call, i), Calls.headers(accounts.get(i).token()));
      call.request(Integer.MAX_VALUE);
      call.sendMessage(ReceiveMessagesRequest.getDefaultInstance());
      call.halfClose();
      calls.add(call);
    }
  }

  /** A text that tells when it was to be sent. */
  static String text(long nanos, int bytes) {
    String time = nanos + " ";
    return time + "x".repeat(Math.max(0, bytes - time.length()));
  }

  private static long nanos(Message message) {
    String text = message.getText();
    int end = text.indexOf(' ');
    // What another mode has sent tells no time.
    return end < 0 ? Long.MIN_VALUE : Long.parseLong(text.substring(0, end));
  }

  /** Waits until every stream is open and has nothing left that waited. */
  void awaitCaughtUp(long seconds) throws InterruptedException {
    if (!caughtUp.await(seconds, TimeUnit.SECONDS)) {
      throw new IllegalStateException(
          caughtUp.getCount() + " streams are not caught up; first failure: " + failure);
    }
  }

  /** Counts what is sent from now on. */
  void measure() {
    measureFromNanos = System.nanoTime();
    measuring = true;
  }

  /** How many of the messages that are measured have been received. */
  long receivedCount() {
    return received.sum();
  }

  /** From sending to receiving, in nanoseconds, of what was measured since it was asked last. */
  Histogram latencies() {
    return latencies.getIntervalHistogram();
  }

  /** Throws if a stream has ended that nobody closed. */
  void check() {
    failure.check("A receiver's stream ended");
  }

  @Override
  public void close() {
    closed = true;
    calls.forEach(call -> call.cancel("enough", null));
  }

  private final class Listener extends ClientCall.Listener<ReceiveMessagesResponse> {
    private final ClientCall<ReceiveMessagesRequest, ReceiveMessagesResponse> call;
    private final int account;

    private Listener(
        ClientCall<ReceiveMessagesRequest, ReceiveMessagesResponse> call, int account) {
      this.call = call;
      this.account = account;
    }

    @Override
    public void onMessage(ReceiveMessagesResponse response) {
      if (response.hasCaughtUp()) {
        caughtUp.countDown();
      }
      if (!response.hasMessage()) {
        return;
      }
      long now = System.nanoTime();
      Message message = response.getMessage();
      long sent = nanos(message);
      if (measuring && sent >= measureFromNanos) {
        latencies.recordValue(Math.max(0, now - sent));
        received.increment();
      }
      inboxes.arrived(account, message.getMessageId());
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      if (!closed) {
        failure.note(status.isOk() ? Status.ABORTED.withDescription("It ended.") : status);
        call.cancel("over", null);
      }
    }
  }
}
