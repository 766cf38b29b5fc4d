package chat.server.replication;

import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A question for a part of another server's log, asked again while there is no answer. The answer
 * to any of its calls will do: one that took only the last would wait for ever where the way there
 * and back takes longer than the time after which it asks again. That time doubles, lest a slow
 * link carry the same answer many times. Confined to whoever drives the replica.
 */
final class Question {
  /** Some 5 s with the default {@link Settings#appendTimeout}. */
  private static final int DOUBLED_MAX = 4;

  private final Core core;
  private final Set<Long> calls = new HashSet<>();
  private @Nullable ServerId asked;
  private LogPosition after = LogPosition.START;
  private long upToIndex;
  private long askedAt;

  Question(Core core) {
    this.core = core;
  }

  /** Asks, for the first time or again; with other words it is another question. */
  void ask(ServerId whom, LogPosition from, long to) {
    if (!whom.equals(asked) || !from.equals(after) || to != upToIndex) {
      withdraw();
    }
    asked = whom;
    after = from;
    upToIndex = to;
    askedAt = core.now;
    calls.add(core.out.request(whom, new Message.FetchRequest(from, to)));
  }

  /** Wants no answer any more. */
  void withdraw() {
    calls.clear();
  }

  boolean isOpen() {
    return !calls.isEmpty();
  }

  /** Whether this is the call of its first answer; the others are not wanted. */
  boolean isAnsweredBy(long call) {
    boolean answered = calls.contains(call);
    if (answered) {
      withdraw();
    }
    return answered;
  }

  boolean isOverdue() {
    int doubled = Math.max(0, Math.min(calls.size() - 1, DOUBLED_MAX));
    return core.now - askedAt > core.settings.appendTimeout() << doubled;
  }
}
