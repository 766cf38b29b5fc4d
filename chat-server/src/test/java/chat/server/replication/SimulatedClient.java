package chat.server.replication;

import chat.server.chat.Command;
import chat.server.chat.MemoryTables;
import chat.server.chat.Outcome;
import chat.server.chat.StoredMessage;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * One user of the chat: makes an account, logs in, sends numbered messages, some of them before the
 * last ones are answered, and reads what the others send. What has no answer in time is sent again
 * with its request id, at another server, in its order.
 */
final class SimulatedClient {
  private static final long PATIENCE = 2_000 * SimulatedCluster.MILLI;
  private static final int READ_LIMIT = 8;

  private final SimulatedCluster cluster;
  private final Random random;
  private final String name;
  private final List<String> recipients;
  private final int window;
  private final byte[] token;

  /** By number: the recipients of messages that have no answer yet. */
  private final TreeMap<Long, String> unanswered = new TreeMap<>();

  private ClientLink link;
  private long accountId;
  private boolean loggedIn;
  private boolean stopped;
  private long numbers;
  private long calledAt;
  private boolean asked;
  private long readAt;
  private boolean reading;
  private long reads;
  private long cursor;

  SimulatedClient(SimulatedCluster cluster, String name, List<String> recipients, int window) {
    this.cluster = cluster;
    this.random = cluster.clientRandom();
    this.name = name;
    this.recipients = recipients;
    this.window = window;
    this.token = Arrays.copyOf(name.getBytes(StandardCharsets.UTF_8), 32);
    this.link = connect();
  }

  /** Begins nothing new; goes on until everything is answered. */
  void stop() {
    stopped = true;
  }

  boolean loggedIn() {
    return loggedIn;
  }

  boolean idle() {
    return loggedIn && unanswered.isEmpty();
  }

  @Override
  public String toString() {
    return name + " waiting for " + unanswered.keySet() + " since " + calledAt;
  }

  private ClientLink connect() {
    SimulatedServer primary = cluster.primary();
    int any = 1 + random.nextInt(cluster.ids().size());
    SimulatedServer server =
        primary == null || random.nextInt(4) == 0 ? cluster.server(any) : primary;
    long delay = 100_000 + (long) (random.nextDouble() * random.nextDouble() * cluster.delayMax);
    return new ClientLink(cluster, server, delay, cluster.clientBreakChance);
  }

  /** To be called now and then. */
  void step() {
    boolean waiting = asked || !unanswered.isEmpty();
    if (link.broken() || (waiting && cluster.now() - calledAt > PATIENCE)) {
      link = connect();
      asked = false;
      calledAt = cluster.now();
      unanswered.forEach(this::send);
    }
    if (!loggedIn) {
      join();
    } else if (!stopped && cluster.clientsAreIn()) {
      while (unanswered.size() < window && random.nextInt(3) > 0) {
        String recipient = recipients.get(random.nextInt(recipients.size()));
        unanswered.put(++numbers, recipient);
        calledAt = cluster.now();
        send(numbers, recipient);
      }
    }
    if (loggedIn && (!reading || cluster.now() - readAt > PATIENCE)) {
      read();
    }
  }

  private void join() {
    if (asked) {
      return;
    }
    asked = true;
    calledAt = cluster.now();
    LongFunction<Command> command =
        accountId == 0
            ? stamp -> new Command.CreateAccount(stamp, name, name, name)
            : stamp -> new Command.Login(stamp, accountId, token, false);
    link.call(command, this::joined);
  }

  private void joined(@Nullable Outcome outcome) {
    asked = false;
    if (outcome instanceof Outcome.AccountCreated created) {
      accountId = created.accountId();
    } else if (outcome instanceof Outcome.AccountCreatedBefore) {
      link.read(
          true,
          tables -> tables.credentials(name),
          found -> found.ifPresent(account -> accountId = account.accountId()));
    } else if (outcome instanceof Outcome.LoggedIn) {
      loggedIn = true;
    } else {
      throw new InvariantViolation(name + " is refused: " + outcome);
    }
  }

  private void send(long number, String recipient) {
    String request = ChatHistory.request(name, number);
    link.call(
        stamp ->
            new Command.SendMessage(
                stamp, token, recipient, request, request, false, Integer.MAX_VALUE),
        outcome -> {
          if (outcome instanceof Outcome.MessageAccepted) {
            unanswered.remove(number);
            calledAt = cluster.now();
          } else {
            throw new InvariantViolation(request + " is refused: " + outcome);
          }
        });
  }

  private void read() {
    reading = true;
    readAt = cluster.now();
    long id = ++reads;
    boolean confirmed = random.nextBoolean();
    long after = cursor;
    SortedSet<Long> mustSee = cluster.history().mustSee(name, after);
    ClientLink to = link;
    to.read(
        confirmed,
        (MemoryTables tables) -> tables.undelivered(accountId, after, READ_LIMIT),
        messages -> {
          if (id == reads) {
            if (confirmed) {
              cluster.history().answers(name, mustSee, messages, READ_LIMIT);
            }
            reading = false;
            take(to, messages);
          }
        });
  }

  private void take(ClientLink to, List<StoredMessage> messages) {
    for (StoredMessage message : messages) {
      cluster.history().receives(name, message, cursor);
      cursor = message.messageId();
    }
    if (!messages.isEmpty() && random.nextInt(3) == 0) {
      long upTo = cursor;
      to.call(
          stamp -> new Command.Acknowledge(stamp, token, upTo),
          outcome -> {
            if (!(outcome instanceof Outcome.Acknowledged)) {
              throw new InvariantViolation(name + " may not acknowledge: " + outcome);
            }
          });
    }
  }
}
