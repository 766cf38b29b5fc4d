package chat.client;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The process of {@link BoundedMemoryTest}: {@code send|receive SERVER COUNT}, in a heap that is
 * smaller than what it handles.
 */
public final class SmallHeapClient {
  static final int IN_FLIGHT = 256;
  static final String TEXT = "x".repeat(16 * 1024);

  private SmallHeapClient() {}

  /** Says DONE and a number when it has done so many. */
  public static void main(String[] args) throws Exception {
    int count = Integer.parseInt(args[2]);
    try (ChatClient client =
        ChatClient.builder()
            .servers(args[1])
            .sendsInFlight(IN_FLIGHT)
            .callTimeout(Duration.ofMinutes(2))
            .attemptTimeout(Duration.ofMinutes(2))
            .streamSilence(Duration.ofMinutes(2))
            .build()) {
      ChatSession session = client.resume("alice", "token");
      int done = args[0].equals("send") ? send(session, count) : receive(session, count);
      System.out.println("DONE " + done);
    }
  }

  /** As fast as it may, without waiting for an answer. */
  private static int send(ChatSession session, int count) throws InterruptedException {
    AtomicInteger accepted = new AtomicInteger();
    CountDownLatch answers = new CountDownLatch(count);
    for (int i = 0; i < count; i++) {
      CompletableFuture<?> unused =
          session
              .sendAsync("bob", TEXT)
              .whenComplete(
                  (sent, failure) -> {
                    if (failure == null) {
                      accepted.incrementAndGet();
                    }
                    answers.countDown();
                  });
    }
    answers.await();
    return accepted.get();
  }

  /** Opens the stream, and reads when it is told to. */
  private static int receive(ChatSession session, int count) throws Exception {
    try (MessageStream stream = session.receive()) {
      if (System.in.read() < 0) {
        throw new IllegalStateException("Nobody says that reading may begin.");
      }
      long last = 0;
      for (int i = 0; i < count; i++) {
        Optional<ReceiveEvent> event = stream.next();
        if (!(event.orElseThrow() instanceof ReceiveEvent.Arrived arrived)
            || arrived.message().messageId() != last + 1) {
          throw new IllegalStateException("After message " + last + " came " + event);
        }
        last++;
      }
      return (int) last;
    }
  }
}
