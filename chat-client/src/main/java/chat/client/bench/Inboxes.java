package chat.client.bench;

import chat.v1.AcknowledgeMessagesRequest;
import chat.v1.ChatServiceGrpc;
import io.grpc.Channel;
import java.util.List;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Keeps inboxes from filling: each recipient acknowledges, in a call of its own session, once so
 * many messages have come. Thread-safe.
 */
final class Inboxes implements Arrivals {
  private final Channel channel;
  private final List<Account> accounts;
  private final int every;
  private final AtomicIntegerArray waiting;
  private final AtomicLong calls = new AtomicLong();
  private final FirstFailure failure = new FirstFailure();

  Inboxes(Channel channel, List<Account> accounts, int every) {
    this.channel = channel;
    this.accounts = accounts;
    this.every = every;
    this.waiting = new AtomicIntegerArray(accounts.size());
  }

  @Override
  public void arrived(int account, long messageId) {
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
            failure.note(status);
          }
        });
  }

  /** How many acknowledgements were sent so far. */
  long calls() {
    return calls.get();
  }

  /** Throws if an acknowledgement was refused: then inboxes may be full. */
  void check() {
    failure.check("An acknowledgement failed");
  }
}
