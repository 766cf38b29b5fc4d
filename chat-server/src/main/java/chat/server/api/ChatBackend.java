package chat.server.api;

import chat.server.chat.Command;
import chat.server.chat.Outcome;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;

/**
 * What the public service needs of the replication underneath. Thread-safe; no method blocks.
 *
 * <p>{@link #propose} is called from {@link ChatEndpoint#onApplied} too, on the apply thread.
 *
 * <p>Futures always complete, at the latest when the server loses its role or stops: an unanswered
 * proposal holds a place that {@link Limits#unansweredProposalsMax} bounds. They may complete on
 * any thread; callers here move to threads of their own before they do anything that takes time.
 */
public interface ChatBackend {
  /** Has a command carried out that does not depend on the fate of others. */
  default CompletableFuture<Outcome> propose(Command command) {
    return propose(command, () -> true);
  }

  /**
   * Has a command carried out. Commands are appended in the order in which one thread proposes
   * them.
   *
   * @param wanted asked when it is the command's turn to be appended, after the futures of all that
   *     were refused before it have completed; if not, it is refused. So one message of a stream
   *     that is refused takes with it those behind it, wherever they wait.
   * @return completes when the command is committed and applied, with its outcome; exceptionally
   *     with a {@link BackendException}, of which only {@link BackendException.OutcomeUnknown}
   *     leaves open whether the command takes effect
   */
  CompletableFuture<Outcome> propose(Command command, BooleanSupplier wanted);

  /**
   * A point from which reads are linearizable.
   *
   * @return completes when queries reflect everything that was acknowledged before this call;
   *     exceptionally with a {@link BackendException}
   */
  CompletableFuture<Void> readBarrier();

  /**
   * Why this server would refuse a request now: what {@link #propose} would fail with at once.
   * Cheap; asked before a request is looked at, so that a backup names the primary instead of
   * finding fault with the request. A server that acts as primary answers empty.
   */
  Optional<BackendException> refusal();

  /** What this server knows of the cluster, at any time and in any role. */
  ClusterState clusterState();

  /**
   * The time to stamp a command with, in microseconds since 1970: never before an earlier stamp, of
   * whatever primary.
   */
  long currentTimeMicros();
}
