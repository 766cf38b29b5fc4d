package chat.server.api;

import chat.server.chat.ChatQueries;
import chat.server.chat.ChatQueries.Credentials;
import chat.server.chat.ChatQueries.SessionStatus;
import chat.server.chat.Command;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads on behalf of a session, and the once-a-day note that a session is in use. Thread-safe.
 *
 * <p>Writes are judged when they are applied; a read is judged here, by the state that it reads.
 */
final class SessionReads {
  private static final Logger log = LoggerFactory.getLogger(SessionReads.class);

  /** A session's use is logged once in this time, not at every call. */
  private static final Duration TOUCH_INTERVAL = Duration.ofDays(1);

  private static final long CHECK_MICROS = TimeUnit.HOURS.toMicros(1);
  private static final int CHECKED_MAX = 100_000;

  private final Proposals proposals;
  private final ChatQueries queries;
  private final Map<SessionKey, Long> checkedMicros = new ConcurrentHashMap<>();

  SessionReads(Proposals proposals, ChatQueries queries) {
    this.proposals = proposals;
    this.queries = queries;
  }

  /**
   * Reads with a session, from a linearizable point.
   *
   * @return fails with {@link RefusedException} if the session is not good
   */
  <T> CompletableFuture<T> read(SessionKey session, Function<ChatQueries.Session, T> reading) {
    return proposals.read(
        () -> {
          ChatQueries.Session state = queries.session(session.hash(), proposals.nowMicros());
          if (state.status() != SessionStatus.VALID) {
            throw OutcomeRefusals.session(state.status()).asException();
          }
          touchIfDue(session, state);
          return reading.apply(state);
        });
  }

  /**
   * The session, if it may write. A session that is seen to be good is taken at once, on the
   * caller's thread; its command is judged again when it is applied. What is not, is looked at once
   * more from a linearizable point and refused here: nobody without a session makes the log grow.
   *
   * @return fails with {@link RefusedException} if the session is not good
   */
  CompletableFuture<ChatQueries.Session> forWrite(SessionKey session) {
    ChatQueries.Session state = queries.session(session.hash(), proposals.nowMicros());
    if (state.status() == SessionStatus.VALID) {
      used(session);
      return CompletableFuture.completedFuture(state);
    }
    return read(session, Function.identity());
  }

  /**
   * The same for a request that ends its session: its repeat may come with a session that is over.
   * Completes with the account of that session, as it is now.
   */
  CompletableFuture<Credentials> ending(SessionKey session, String requestId) {
    return proposals.read(
        () -> {
          long now = proposals.nowMicros();
          ChatQueries.Session state = queries.session(session.hash(), now);
          if (state.status() != SessionStatus.VALID) {
            return queries
                .endedBy(session.hash(), requestId, now)
                .orElseThrow(() -> OutcomeRefusals.session(state.status()).asException());
          }
          return queries
              .credentials(state.username())
              .filter(account -> account.accountId() == state.accountId())
              .orElseThrow(() -> OutcomeRefusals.noSession().asException());
        });
  }

  /** Notes that a session is used by a write: looked at once an hour, off the caller's thread. */
  void used(SessionKey session) {
    // By the clock that sessions expire by; if it was set back, what was noted counts for nothing.
    long now = proposals.nowMicros();
    Long checked = checkedMicros.get(session);
    if (checked != null && Math.abs(now - checked) < CHECK_MICROS) {
      return;
    }
    if (checkedMicros.size() >= CHECKED_MAX) {
      // Forgetting costs a query a session, no more.
      checkedMicros.clear();
    }
    checkedMicros.put(session, now);
    proposals
        .threads()
        .execute(
            () -> {
              ChatQueries.Session state = queries.session(session.hash(), proposals.nowMicros());
              if (state.status() == SessionStatus.VALID) {
                touchIfDue(session, state);
              }
            });
  }

  private void touchIfDue(SessionKey session, ChatQueries.Session state) {
    long now = proposals.nowMicros();
    if (now - state.touchedMicros() < TimeUnit.MILLISECONDS.toMicros(TOUCH_INTERVAL.toMillis())) {
      return;
    }
    var unused =
        proposals
            .propose(new Command.TouchSession(now, session.hash()))
            .whenComplete(
                (outcome, failure) -> {
                  if (failure != null) {
                    // The next use tries again, and there are 29 days left for it.
                    checkedMicros.remove(session);
                    log.debug("A session's use was not logged: {}", failure.toString());
                  }
                });
  }
}
