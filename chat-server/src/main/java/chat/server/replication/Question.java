package chat.server.replication;

import java.util.Collections;
import java.util.HashMap;
import java.util.Map;

/**
 * A question for a part of the log, asked again while there is no answer, of the same server or of
 * another that has that part. The answer to any of its calls will do: one that took only the last
 * would wait for ever where the way there and back takes longer than the time after which it asks
 * again. That time doubles, lest a slow link carry the same answer many times. Confined to whoever
 * drives the replica.
 */
final class Question {
  /** Some 5 s with the default {@link Settings#appendTimeout}. */
  private static final int DOUBLED_MAX = 4;

  private final Core core;
  private final Map<Long, ServerId> calls = new HashMap<>();
  private LogPosition after = LogPosition.START;
  private long upToIndex;
  private long askedAt;

  Question(Core core) {
    this.core = core;
  }

  /** Asks, for the first time or again; with other words it is another question. */
  void ask(ServerId whom, LogPosition from, long to) {
    if (!from.equals(after) || to != upToIndex) {
      withdraw();
    }
    after = from;
    upToIndex = to;
    askedAt = core.now;
    calls.put(core.out.request(whom, new Message.FetchRequest(from, to)), whom);
  }

  /** Wants no answer any more. */
  void withdraw() {
    calls.clear();
  }

  /** What was asked of that server is lost with the connection to it. */
  void disconnected(ServerId whom) {
    calls.values().removeIf(whom::equals);
  }

  boolean isOpen() {
    return !calls.isEmpty();
  }

  /** Whether this is the call of its first answer; the others are not wanted. */
  boolean isAnsweredBy(long call) {
    boolean answered = calls.containsKey(call);
    if (answered) {
      withdraw();
    }
    return answered;
  }

  /**
   * Whether it is time to ask that server, perhaps again: another's pause does not count for it.
   */
  boolean isOverdue(ServerId whom) {
    int asked = Collections.frequency(calls.values(), whom);
    int doubled = Math.max(0, Math.min(asked - 1, DOUBLED_MAX));
    return core.now - askedAt > core.settings.appendTimeout() << doubled;
  }
}
