package chat.client.bench;

import chat.v1.AcknowledgeMessagesRequest;
import chat.v1.ChatServiceGrpc;
import io.grpc.Channel;
import io.grpc.Status;
import java.util.List;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Keeps inboxes from filling: each recipient acknowledges, in a call of its own session, once so
 * many messages have come. Thread-safe.
 */
final class Inboxes {
  private final Channel channel;
  private final List<Account> accounts;
  private final int every;
  private final AtomicIntegerArray waiting;
  private final AtomicLong calls = new AtomicLong();
  private final AtomicReference<Status> failure = new AtomicReference<>(Status.OK);

  Inboxes(Channel channel, List<Account> accounts, int every) {
    this.channel = channel;
    this.accounts = accounts;
    this.every = every;
    this.waiting = new AtomicIntegerArray(accounts.size());
  }

  /** A message to an account has been accepted, or read. */
  void arrived(int account, long messageId) {
    if (waiting.incrementAndGet(account) % every != 0) {
      return;
    }
    calls.incrementAndGet();
    Calls.unary(
        channel,
        ChatServiceGrpc.getAcknowledgeMessagesMethod(),
        accounts.get(account).token(),
        AcknowledgeMessagesRequest.newBuilder().setMessageId(messageId).build(),
        (answer, status) -> {
          if (!status.isOk()) {
            failure.compareAndSet(Status.OK, status);
          }
        });
  }

  /** How many acknowledgements were sent so far. */
  long calls() {
    return calls.get();
  }

  /** The first refusal; OK if there was none. */
  Status failure() {
    return failure.get();
  }
}
