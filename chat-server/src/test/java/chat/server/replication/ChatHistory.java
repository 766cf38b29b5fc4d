package chat.server.replication;

import chat.server.chat.Command;
import chat.server.chat.MemoryTables;
import chat.server.chat.Outcome;
import chat.server.chat.StoredMessage;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What clients were told, against what the servers hold: equal states at equal indexes; each
 * request applied once, in the order of its sender; reads that see what was acknowledged before
 * they began; streams without gap and repeat.
 */
final class ChatHistory {
  private static final int DIGEST_INTERVAL = 32;

  private final Map<Long, Integer> outcomes = new HashMap<>();
  private final Map<Long, Integer> digests = new HashMap<>();
  private final Map<String, Long> appliedAt = new HashMap<>();
  private final Map<String, Long> lastSent = new HashMap<>();
  private final Map<String, Long> acknowledged = new HashMap<>();
  private final Map<String, SortedSet<Long>> acknowledgedTo = new HashMap<>();
  private final Map<String, Long> lastReceived = new HashMap<>();
  private final Map<String, List<Long>> received = new HashMap<>();
  private int duplicates;

  /** How a sender names its requests, and what it sends in them. */
  static String request(String sender, long number) {
    return sender + "/" + number;
  }

  int acknowledgedCount() {
    return acknowledged.size();
  }

  int duplicates() {
    return duplicates;
  }

  /** A server has applied an entry; {@code outcome} is null if it is no command. */
  void applied(ServerId by, Entry entry, @Nullable Outcome outcome) {
    int digest = Objects.hash(entry.position(), outcome);
    Integer others = outcomes.putIfAbsent(entry.index(), digest);
    if (others == null) {
      appliedFirst(entry, outcome);
    } else if (others != digest) {
      throw new InvariantViolation(
          "server " + by + " applies " + entry + " to another outcome than others: " + outcome);
    }
  }

  private void appliedFirst(Entry entry, @Nullable Outcome outcome) {
    Command command = SimulatedDatabase.command(entry);
    if (command instanceof Command.SendMessage send
        && outcome instanceof Outcome.MessageAccepted accepted) {
      if (accepted.duplicate()) {
        duplicates++;
        return;
      }
      Long before = appliedAt.putIfAbsent(send.requestId(), entry.index());
      if (before != null) {
        throw new InvariantViolation(
            "request " + send.requestId() + " is applied twice, at " + before + " and " + entry);
      }
      follows(lastSent, accepted.message().sender(), send.requestId());
    }
  }

  private static void follows(Map<String, Long> last, String key, String request) {
    long number = Long.parseLong(request.substring(request.indexOf('/') + 1));
    long before = last.getOrDefault(key, 0L);
    if (number != before + 1) {
      throw new InvariantViolation(request + " comes after number " + before + " of " + key);
    }
    last.put(key, number);
  }

  /** States are compared at every few indexes that a server passes. */
  void state(ServerId by, long index, MemoryTables tables) {
    if (index % DIGEST_INTERVAL == 0) {
      compare(by, index, tables);
    }
  }

  private void compare(ServerId by, long index, MemoryTables tables) {
    int digest = tables.digest();
    Integer others = digests.putIfAbsent(index, digest);
    if (others != null && others != digest) {
      throw new InvariantViolation(
          "server " + by + " has another state at " + index + " than others");
    }
  }

  /** A sender is told that its message was accepted. */
  void acknowledges(String request, Outcome.MessageAccepted answer) {
    long id = answer.message().messageId();
    Long applied = appliedAt.get(request);
    if (applied == null || applied != id || !answer.message().text().equals(request)) {
      throw new InvariantViolation(
          request + " is acknowledged as " + answer + ", but was applied at " + applied);
    }
    acknowledged.put(request, id);
    acknowledgedTo.computeIfAbsent(answer.message().recipient(), k -> new TreeSet<>()).add(id);
  }

  /** A read begins: the ids after one that it must see. */
  SortedSet<Long> mustSee(String recipient, long afterId) {
    SortedSet<Long> all = acknowledgedTo.getOrDefault(recipient, new TreeSet<>());
    return new TreeSet<>(all.tailSet(afterId + 1));
  }

  /** A read is answered with up to {@code limit} messages. */
  void answers(String recipient, SortedSet<Long> mustSee, List<StoredMessage> read, int limit) {
    SortedSet<Long> missing = new TreeSet<>(mustSee);
    read.forEach(message -> missing.remove(message.messageId()));
    boolean cut = read.size() >= limit;
    long last = read.isEmpty() ? 0 : read.get(read.size() - 1).messageId();
    missing.removeIf(id -> cut && id > last);
    if (!missing.isEmpty()) {
      throw new InvariantViolation(
          "stale read: " + recipient + " does not see " + missing + ", acknowledged before");
    }
  }

  /** A receiver gets a message; for each pair of accounts the numbers have no gap, no repeat. */
  void receives(String recipient, StoredMessage message, long afterId) {
    if (message.messageId() <= afterId || !message.recipient().equals(recipient)) {
      throw new InvariantViolation(recipient + " gets " + message + " after " + afterId);
    }
    // A sender numbers its messages across recipients: that nothing is left out is told at the end.
    long number = Long.parseLong(message.text().substring(message.text().indexOf('/') + 1));
    received.computeIfAbsent(recipient, k -> new ArrayList<>()).add(message.messageId());
    Long before = lastReceived.put(message.sender() + ">" + recipient, number);
    if (before != null && number <= before) {
      throw new InvariantViolation(message + " comes after number " + before + " of its sender");
    }
  }

  /** What a receiver got is all there is for it, up to the last. */
  private static void receivedAll(String recipient, List<Long> ids, MemoryTables tables) {
    long last = ids.get(ids.size() - 1);
    List<Long> sent =
        tables.messages().stream()
            .filter(m -> m.recipient().equals(recipient) && m.messageId() <= last)
            .map(StoredMessage::messageId)
            .toList();
    if (!sent.equals(ids)) {
      throw new InvariantViolation(recipient + " got " + ids + " of " + sent);
    }
  }

  /** Faults are over and a server has applied everything. */
  void atTheEnd(ServerId by, long index, MemoryTables tables) {
    compare(by, index, tables);
    Map<String, Long> held = new HashMap<>();
    for (StoredMessage message : tables.messages()) {
      if (held.put(message.text(), message.messageId()) != null) {
        throw new InvariantViolation("server " + by + " holds " + message + " twice");
      }
    }
    received.forEach((recipient, ids) -> receivedAll(recipient, ids, tables));
    acknowledged.forEach(
        (request, id) -> {
          if (!id.equals(held.get(request))) {
            throw new InvariantViolation(
                "server " + by + " lacks " + request + ", acknowledged as " + id);
          }
        });
  }
}
