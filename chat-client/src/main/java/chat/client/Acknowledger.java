package chat.client;

import chat.v1.AcknowledgeMessagesRequest;
import chat.v1.ChatServiceGrpc;
import io.grpc.Channel;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Acknowledges with one call at a time: what is acknowledged meanwhile goes with the next, which
 * covers it all. Thread-safe.
 */
final class Acknowledger {
  private record Waiter(long messageId, CompletableFuture<Void> done) {}

  private final Connections connections;
  private final Channel channel;
  private final List<Waiter> waiters = new ArrayList<>();
  private long wanted;
  private long confirmed;
  private boolean inFlight;

  Acknowledger(Connections connections, Channel channel) {
    this.connections = connections;
    this.channel = channel;
  }

  CompletableFuture<Void> acknowledge(long messageId) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    synchronized (this) {
      if (messageId <= confirmed) {
        done.complete(null);
        return done;
      }
      waiters.add(new Waiter(messageId, done));
      wanted = Math.max(wanted, messageId);
    }
    flush();
    return done;
  }

  private void flush() {
    long upTo;
    synchronized (this) {
      if (inFlight || wanted <= confirmed || waiters.isEmpty()) {
        return;
      }
      inFlight = true;
      upTo = wanted;
    }
    CompletableFuture<?> unused =
        connections
            .call(
                channel,
                ChatServiceGrpc.getAcknowledgeMessagesMethod(),
                AcknowledgeMessagesRequest.newBuilder().setMessageId(upTo).build(),
                null,
                response -> response)
            .whenComplete(
                (response, failure) -> {
                  List<Waiter> covered = answered(upTo, failure == null);
                  for (Waiter waiter : covered) {
                    if (failure == null) {
                      waiter.done().complete(null);
                    } else {
                      waiter.done().completeExceptionally(Answers.exception(failure));
                    }
                  }
                  flush();
                });
  }

  private synchronized List<Waiter> answered(long upTo, boolean confirmedNow) {
    inFlight = false;
    if (confirmedNow) {
      confirmed = Math.max(confirmed, upTo);
    }
    List<Waiter> covered = new ArrayList<>();
    for (Iterator<Waiter> each = waiters.iterator(); each.hasNext(); ) {
      Waiter waiter = each.next();
      if (waiter.messageId() <= upTo) {
        covered.add(waiter);
        each.remove();
      }
    }
    return covered;
  }
}
