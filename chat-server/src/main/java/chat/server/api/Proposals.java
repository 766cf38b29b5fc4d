package chat.server.api;

import chat.server.chat.Command;
import chat.server.chat.Outcome;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The way to the backend for everything in this package: bounded, with a time limit, and with
 * continuations on our own threads. Thread-safe.
 */
final class Proposals {
  private final ChatBackend backend;
  private final Limits limits;
  private final Executor threads;
  private final Backlog backlog;

  Proposals(ChatBackend backend, Limits limits, Executor threads) {
    this.backend = backend;
    this.limits = limits;
    this.threads = threads;
    this.backlog = new Backlog(limits.unansweredProposalsMax());
  }

  /** Throws what this server would refuse every request with, if it would. */
  void checkPrimary() {
    Optional<BackendException> refusal = backend.refusal();
    if (refusal.isPresent()) {
      throw refusal.get();
    }
  }

  long nowMicros() {
    return backend.currentTimeMicros();
  }

  /**
   * Proposes a command. The future completes on whatever thread the backend uses: go on with an
   * {@code …Async(…, threads())} method.
   *
   * @return the outcome; {@link BackendException.Overloaded} if too many are unanswered; {@code
   *     TimeoutException} (the outcome is unknown) after {@link Limits#callTimeout}
   */
  CompletableFuture<Outcome> propose(Command command) {
    return propose(command, () -> true, backlog.enter(command, false));
  }

  /**
   * The same for a message of a stream, which is held back by the stream's window and waits longer;
   * see {@link ChatBackend#propose(Command, BooleanSupplier)}.
   */
  CompletableFuture<Outcome> proposeInStream(Command command, BooleanSupplier wanted) {
    return propose(command, wanted, backlog.enter(command, true));
  }

  private CompletableFuture<Outcome> propose(
      Command command, BooleanSupplier wanted, Backlog.@Nullable Place place) {
    if (place == null) {
      return CompletableFuture.failedFuture(new BackendException.Overloaded());
    }
    CompletableFuture<Outcome> answer;
    try {
      answer = backend.propose(command, wanted);
    } catch (RuntimeException e) {
      place.leave();
      throw e;
    }
    // The copy times out, the place is held until the backend itself has answered.
    return answer
        .whenComplete((outcome, failure) -> place.leave())
        .copy()
        .orTimeout(limits.callTimeout().toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Reads on our threads, from a point that reflects all that was acknowledged before. */
  <T> CompletableFuture<T> read(Supplier<T> reading) {
    return backend
        .readBarrier()
        .copy()
        .orTimeout(limits.callTimeout().toMillis(), TimeUnit.MILLISECONDS)
        .thenApplyAsync(nothing -> reading.get(), threads);
  }

  ClusterState clusterState() {
    return backend.clusterState();
  }

  Executor threads() {
    return threads;
  }
}
