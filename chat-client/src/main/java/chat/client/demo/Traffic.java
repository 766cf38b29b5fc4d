package chat.client.demo;

import chat.client.ChatClient;
import chat.client.ChatException;
import chat.client.ChatMessage;
import chat.client.ChatSession;
import chat.client.MessageSender;
import chat.client.MessageStream;
import chat.client.ReceiveEvent;
import chat.client.SentMessage;
import chat.client.verify.DeliveryLedger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * People who write to each other without a pause, each with a client of its own. Every second one
 * keeps several messages on the way, the others wait for each receipt. Everybody reads and
 * acknowledges what comes. All of it goes into a {@link DeliveryLedger}.
 *
 * <p>Nobody gives up: what a failing service cannot answer is asked again until it can. Controlled
 * by one thread.
 */
public final class Traffic implements AutoCloseable {
  private static final Duration NEVER_GIVE_UP = Duration.ofMinutes(10);
  private static final Duration READ_PATIENCE = Duration.ofMillis(100);
  private static final long POLL_MILLIS = 5;
  private static final String PASSWORD = "correct horse battery staple";

  private final DeliveryLedger ledger;
  private final Listener listener;
  private final int inFlight;
  private final List<Person> people = new ArrayList<>();
  private final List<Thread> readers = new ArrayList<>();
  private final List<Thread> writers = new ArrayList<>();
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
  private volatile boolean closed;

  /** So many messages each writer writes. */
  private volatile int messagesMax;

  private volatile Duration pace = Duration.ZERO;

  /** Hears of every message; on several threads. */
  public interface Listener {
    /** It was read. */
    void arrived(ChatMessage message);

    /** The service accepted what was sent at a time of {@link System#nanoTime}. */
    default void accepted(String sender, SentMessage receipt, long sentNanos) {}
  }

  /**
   * @param written how many messages to each of the others, by their place; the writer's thread's
   */
  private record Person(
      String name, ChatClient client, ChatSession session, MessageStream stream, int[] written) {}

  /** The number is what the ledger knows the message by. */
  private record Letter(String recipient, int number) {
    private static final String PREFIX = "message ";

    String text() {
      return PREFIX + number;
    }

    static int number(ChatMessage message) {
      return Integer.parseInt(message.text().substring(PREFIX.length()));
    }
  }

  /**
   * Makes accounts and has everybody listen; needs a cluster that serves.
   *
   * @param inFlight how many messages every second one keeps on the way
   */
  public Traffic(
      String addresses,
      List<String> names,
      int inFlight,
      DeliveryLedger ledger,
      Listener listener) {
    this.ledger = ledger;
    this.listener = listener;
    this.inFlight = inFlight;
    for (String name : names) {
      ChatClient client =
          ChatClient.builder().servers(addresses).callTimeout(NEVER_GIVE_UP).build();
      client.createAccount(name, PASSWORD);
      ChatSession session = client.login(name, PASSWORD).session();
      people.add(new Person(name, client, session, session.receive(), new int[names.size()]));
    }
    for (Person person : people) {
      readers.add(thread("reads-" + person.name(), () -> read(person)));
    }
  }

  private interface Work {
    void run() throws Exception;
  }

  private Thread thread(String name, Work work) {
    Thread thread =
        new Thread(
            () -> {
              try {
                work.run();
              } catch (Exception | Error e) {
                fail(name, e);
              }
            },
            name);
    thread.setDaemon(true);
    thread.start();
    return thread;
  }

  private void fail(String who, Throwable cause) {
    failure.compareAndSet(null, new IllegalStateException(who + ": " + cause, cause));
  }

  /** Has every writer rest so long after each message; without it they write as they can. */
  public void pace(Duration rest) {
    pace = rest;
  }

  /** What ended the traffic before its time: a definite refusal, or a fault in here. */
  public Optional<Throwable> failure() {
    return Optional.ofNullable(failure.get());
  }

  /** Has everybody begin to write; ends after so many messages each, or at {@link #finish}. */
  public void write(int messagesEach) {
    messagesMax = messagesEach;
    writers.clear();
    for (int i = 0; i < people.size(); i++) {
      int self = i;
      boolean pipelined = i % 2 == 0;
      writers.add(
          thread(
              "writes-" + people.get(self).name(),
              () -> {
                if (pipelined) {
                  writePipelined(self);
                } else {
                  writeOneByOne(self);
                }
              }));
    }
  }

  private boolean goesOn(int written) {
    return written < messagesMax && failure.get() == null;
  }

  /** The next message, which goes to each of the others in turn. */
  private Letter next(int self, int written) {
    int others = people.size() - 1;
    int recipient = (self + 1 + written % others) % people.size();
    Person me = people.get(self);
    Letter letter = new Letter(people.get(recipient).name(), me.written()[recipient]++);
    ledger.sent(me.name(), letter.recipient(), letter.number());
    return letter;
  }

  private void writePipelined(int self) throws InterruptedException {
    Person me = people.get(self);
    try (MessageSender sender = me.session().openSender(inFlight)) {
      for (int i = 0; goesOn(i); i++) {
        Letter letter = next(self, i);
        long sentNanos = System.nanoTime();
        var unused =
            sender
                .send(letter.recipient(), letter.text())
                .whenComplete(
                    (receipt, refused) -> {
                      if (refused != null) {
                        fail(me.name(), refused);
                      } else {
                        accepted(me, letter, receipt, sentNanos);
                      }
                    });
        rest();
      }
    }
  }

  private void writeOneByOne(int self) throws InterruptedException {
    Person me = people.get(self);
    for (int i = 0; goesOn(i); i++) {
      Letter letter = next(self, i);
      long sentNanos = System.nanoTime();
      accepted(me, letter, me.session().send(letter.recipient(), letter.text()), sentNanos);
      rest();
    }
  }

  private void accepted(Person sender, Letter letter, SentMessage receipt, long sentNanos) {
    ledger.acknowledged(sender.name(), letter.recipient(), letter.number());
    listener.accepted(sender.name(), receipt, sentNanos);
  }

  private void rest() throws InterruptedException {
    TimeUnit.NANOSECONDS.sleep(pace.toNanos());
  }

  private void read(Person me) throws InterruptedException {
    while (!closed) {
      try {
        if (me.stream().poll(READ_PATIENCE).orElse(null) instanceof ReceiveEvent.Arrived arrived) {
          ChatMessage message = arrived.message();
          ledger.received(message.sender(), message.recipient(), Letter.number(message));
          listener.arrived(message);
          var unused =
              me.stream()
                  .acknowledge(message)
                  .exceptionally(
                      refused -> {
                        if (!closed) {
                          fail(me.name() + " acknowledges", refused);
                        }
                        return null;
                      });
        }
      } catch (ChatException e) {
        if (!closed) {
          throw e;
        }
      }
    }
  }

  /** Waits until so many messages in all have been acknowledged. */
  public void awaitAcknowledged(long count, Duration patience) throws InterruptedException {
    await(
        count + " messages are not acknowledged",
        patience,
        () -> ledger.acknowledgedCount() >= count);
  }

  /** Waits until all has been written that was to be written, and all of it has come. */
  public void awaitDone(Duration patience) throws InterruptedException {
    await("The writers are not done", patience, () -> writers.stream().noneMatch(Thread::isAlive));
    await("Not everything acknowledged has come", patience, ledger::isComplete);
  }

  /** Has everybody stop writing, and waits as {@link #awaitDone} does. */
  public void finish(Duration patience) throws InterruptedException {
    messagesMax = 0;
    awaitDone(patience);
  }

  private void await(String lack, Duration patience, BooleanSupplier wanted)
      throws InterruptedException {
    long deadline = System.nanoTime() + patience.toNanos();
    while (!wanted.getAsBoolean()) {
      Throwable failed = failure.get();
      if (failed != null) {
        throw new IllegalStateException(
            "The traffic has ended: " + ledger.report().inWords(), failed);
      }
      if (System.nanoTime() - deadline >= 0) {
        throw new IllegalStateException(
            lack + " after " + patience.toSeconds() + " s: " + ledger.report().inWords());
      }
      TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
    }
  }

  /** How many messages the service has in store, counted by everybody's history. */
  public long storedCount() {
    long count = 0;
    for (int i = 0; i < people.size(); i++) {
      for (Person peer : people.subList(i + 1, people.size())) {
        count += people.get(i).session().history(peer.name()).count();
      }
    }
    return count;
  }

  /** How many messages the service holds to be undelivered, once it has nothing more to do. */
  public int undeliveredCount() {
    int count = 0;
    for (Person person : people) {
      long newest = person.stream().lastMessageId();
      if (newest > 0) {
        person.session().acknowledge(newest);
      }
      var left = person.session().fetch(0);
      count += left.messages().size() + left.remainingCount();
    }
    return count;
  }

  /** Ends every client, and with it every thread. */
  @Override
  public void close() {
    closed = true;
    messagesMax = 0;
    join(readers);
    people.forEach(person -> person.client().close());
    join(writers);
  }

  private static void join(List<Thread> threads) {
    try {
      for (Thread thread : threads) {
        thread.join();
      }
    } catch (InterruptedException e) {
      // They are daemons, and end by themselves soon.
      Thread.currentThread().interrupt();
    }
  }
}
