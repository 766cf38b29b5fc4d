package chat.client.example;

import chat.client.ChatClient;
import chat.client.ChatMessage;
import chat.client.ChatSession;
import chat.client.MessageSender;
import chat.client.MessageStream;
import chat.client.OutcomeUnknownException;
import chat.client.ReceiveEvent;
import chat.client.SentMessage;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * The example of the description of package {@code chat.client}: between the marks, word for word.
 */
final class PackageExample {
  private PackageExample() {}

  static void talk(String servers, String password, List<String> lines, Consumer<ChatMessage> shown)
      throws InterruptedException {
    // example begins
    try (ChatClient client = ChatClient.connect(servers)) {
      client.createAccount("alice", password);
      client.createAccount("bob", password);
      ChatSession alice = client.login("alice", password).session();
      ChatSession bob = client.login("bob", password).session();

      try {
        alice.send("bob", "Are you there?");
      } catch (OutcomeUnknownException unknown) {
        // Nobody said in time whether it was accepted. Asked again, it is never sent twice.
        alice.send("bob", "Are you there?", unknown.requestId());
      }
      CompletableFuture<SentMessage> receipt = alice.sendAsync("bob", "No hurry.");
      receipt.join();
      try (MessageSender sender = alice.openSender(64)) {
        for (String line : lines) {
          // In this order, 64 at most on the way: it waits for room, not for the answer.
          CompletableFuture<SentMessage> unused = sender.send("bob", line);
        }
      }

      try (MessageStream stream = bob.receive()) {
        Optional<ReceiveEvent> event = stream.next();
        while (event.isPresent() && !(event.get() instanceof ReceiveEvent.CaughtUp)) {
          if (event.get() instanceof ReceiveEvent.Arrived arrived) {
            shown.accept(arrived.message());
            stream.acknowledge(arrived.message()).join();
          }
          event = stream.next();
        }
      }
    }
    // example ends
  }
}
