/**
 * The client library: a channel that finds the primary and survives its death, sends that are
 * applied exactly once, streams that resume after the last message they saw.
 *
 * <pre>{@code
 * try (ChatClient client = ChatClient.connect(servers)) {
 *   client.createAccount("alice", password);
 *   client.createAccount("bob", password);
 *   ChatSession alice = client.login("alice", password).session();
 *   ChatSession bob = client.login("bob", password).session();
 *
 *   try {
 *     alice.send("bob", "Are you there?");
 *   } catch (OutcomeUnknownException unknown) {
 *     // Nobody said in time whether it was accepted. Asked again, it is never sent twice.
 *     alice.send("bob", "Are you there?", unknown.requestId());
 *   }
 *   CompletableFuture<SentMessage> receipt = alice.sendAsync("bob", "No hurry.");
 *   receipt.join();
 *   try (MessageSender sender = alice.openSender(64)) {
 *     for (String line : lines) {
 *       // In this order, 64 at most on the way: it waits for room, not for the answer.
 *       CompletableFuture<SentMessage> unused = sender.send("bob", line);
 *     }
 *   }
 *
 *   try (MessageStream stream = bob.receive()) {
 *     Optional<ReceiveEvent> event = stream.next();
 *     while (event.isPresent() && !(event.get() instanceof ReceiveEvent.CaughtUp)) {
 *       if (event.get() instanceof ReceiveEvent.Arrived arrived) {
 *         shown.accept(arrived.message());
 *         stream.acknowledge(arrived.message()).join();
 *       }
 *       event = stream.next();
 *     }
 *   }
 * }
 * }</pre>
 *
 * <p>What a caller sees of a failover is time: calls wait until there is a primary again, at most
 * as long as {@link chat.client.ChatClient.Builder#callTimeout} says (15 s unless given). Then a
 * write that may have been applied ends with {@link chat.client.OutcomeUnknownException}; what any
 * other {@link chat.client.ChatException} says is definite. Memory is bounded: whoever sends waits
 * for room, whoever reads slowly holds the server back.
 *
 * <p>{@link chat.client.ChatClient}, {@link chat.client.ChatSession} and what they open are
 * thread-safe; values are immutable. A client has a network thread, a timer thread, and threads for
 * callbacks as needed; all are daemons and end within seconds of {@code close}.
 */
@NullMarked
package chat.client;

import org.jspecify.annotations.NullMarked;
