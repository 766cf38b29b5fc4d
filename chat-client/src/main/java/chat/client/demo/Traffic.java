package chat.client.demo;

import chat.client.ChatClient;
import chat.client.ChatException;
import chat.client.ChatSession;
import chat.client.MessageSender;
import chat.client.MessageStream;
import chat.client.ReceiveEvent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
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
  private final int inFlight;
  private final List<Person> people = new ArrayList<>();
  private final List<Thread> readers = new ArrayList<>();
  private final List<Thread> writers = new ArrayList<>();
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
  private volatile boolean closed;

  /** The number of the last message to be written; counted a writer. */
  private volatile long messagesMax;

  private int runs;

  private record Person(
      String name, ChatClient client, ChatSession session, MessageStream stream) {}

  /**
   * Makes accounts and has everybody listen; needs a cluster that serves.
   *
   * @param inFlight how many messages every second one keeps on the way
   */
  public Traffic(String addresses, List<String> names, int inFlight, DeliveryLedger ledger) {
    this.ledger = ledger;
    this.inFlight = inFlight;
    for (String name : names) {
      ChatClient client =
          ChatClient.builder().servers(addresses).callTimeout(NEVER_GIVE_UP).build();
      client.createAccount(name, PASSWORD);
      ChatSession session = client.login(name, PASSWORD).session();
      people.add(new Person(name, client, session, session.receive()));
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

  /** Has everybody begin to write; ends after so many messages each, or at {@link #finish}. */
  public void write(long messagesEach) {
    messagesMax = messagesEach;
    runs++;
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

  private Person recipient(int self, long message) {
    int others = people.size() - 1;
    return people.get((int) ((self + 1 + message % others) % people.size()));
  }

  private String text(long message) {
    return "message " + runs + "." + message;
  }

  private void writePipelined(int self) throws InterruptedException {
    Person me = people.get(self);
    try (MessageSender sender = me.session().openSender(inFlight)) {
      for (long i = 0; i < messagesMax && failure.get() == null; i++) {
        String to = recipient(self, i).name();
        String text = text(i);
        ledger.sent(me.name(), to, text);
        var unused =
            sender
                .send(to, text)
                .whenComplete(
                    (receipt, refused) -> {
                      if (refused != null) {
                        fail(me.name(), refused);
                      } else {
                        ledger.acknowledged(me.name(), to, text, receipt.messageId());
                      }
                    });
      }
    }
  }

  private void writeOneByOne(int self) {
    Person me = people.get(self);
    for (long i = 0; i < messagesMax && failure.get() == null; i++) {
      String to = recipient(self, i).name();
      String text = text(i);
      ledger.sent(me.name(), to, text);
      ledger.acknowledged(me.name(), to, text, me.session().send(to, text).messageId());
    }
  }

  private void read(Person me) throws InterruptedException {
    while (!closed) {
      try {
        if (me.stream().poll(READ_PATIENCE).orElse(null) instanceof ReceiveEvent.Arrived arrived) {
          ledger.received(arrived.message());
          var unused =
              me.stream()
                  .acknowledge(arrived.message())
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
    await("Not everything acknowledged has come", patience, ledger::isAllReceived);
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
        throw new IllegalStateException("The traffic has ended, " + ledger.report(), failed);
      }
      if (System.nanoTime() - deadline >= 0) {
        throw new IllegalStateException(
            lack + " after " + patience.toSeconds() + " s: " + ledger.report());
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

  /** Ends every client. */
  @Override
  public void close() throws InterruptedException {
    closed = true;
    messagesMax = 0;
    for (Thread reader : readers) {
      reader.join();
    }
    people.forEach(person -> person.client().close());
    for (Thread writer : writers) {
      writer.join();
    }
  }
}
