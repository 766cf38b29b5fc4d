package chat.client;

import static org.assertj.core.api.Assertions.assertThat;

import chat.v1.SendMessagesRequest;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.Test;

class SendWindowTest {
  private final ReentrantLock lock = new ReentrantLock();
  private final SendWindow window = new SendWindow(lock, lock.newCondition());

  /** Takes messages, and that is all. */
  private static final class Call extends ClientCall<SendMessagesRequest, Object> {
    @Override
    public void start(Listener<Object> listener, Metadata headers) {}

    @Override
    public void request(int messages) {}

    @Override
    public void cancel(String message, Throwable cause) {}

    @Override
    public void halfClose() {}

    @Override
    public void sendMessage(SendMessagesRequest message) {}
  }

  private static PendingSend message(String text, long deadlineNanos) {
    return new PendingSend(
        SendMessagesRequest.newBuilder().setRequestId(text).setText(text).build(), deadlineNanos);
  }

  @Test
  void theLargestOfACallMayBeOneThatNobodyWaitsForAnyMore() {
    lock.lock();
    try {
      PendingSend small = message("small", 1_000);
      PendingSend smaller = message("tiny", 1_000);
      window.add(message("much larger than the other", 10));
      window.add(small);
      window.add(smaller);
      window.takeLate(20, late -> {}).run();
      assertThat(window.largest()).isEmpty();
      // The next call has not got it.
      window.sendAllOn(new Call());
      assertThat(window.largest()).contains(small);
    } finally {
      lock.unlock();
    }
  }
}
