package chat.server;

import chat.server.api.BackendException;
import chat.server.api.ChatBackend;
import chat.server.api.ClusterState;
import chat.server.chat.ChatQueries;
import chat.server.chat.Command;
import chat.server.chat.CommandCodec;
import chat.server.chat.Outcome;
import chat.server.replication.ServerId;
import chat.server.replication.Status;
import chat.server.runtime.ProposalException;
import chat.server.runtime.ReplicaLoop;
import chat.server.transport.PeerClocks;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** The replication as the public service sees it. Thread-safe. */
final class ReplicatedBackend implements ChatBackend {
  private final ReplicaLoop loop;
  private final ChatQueries queries;
  private final AddressBook addresses;
  private final PeerClocks clocks;
  private volatile boolean stopping;
  private volatile boolean diskLow;

  ReplicatedBackend(
      ReplicaLoop loop, ChatQueries queries, AddressBook addresses, PeerClocks clocks) {
    this.loop = loop;
    this.queries = queries;
    this.addresses = addresses;
    this.clocks = clocks;
  }

  /** From now on requests are refused as by a server that is stopping. */
  void stop() {
    stopping = true;
  }

  /**
   * Called by whoever drives the replica. Every member's disk counts: each must hold what is
   * accepted.
   */
  void changed(Status status) {
    boolean low = false;
    for (ServerId member : status.view().members().keySet()) {
      Status.Server server = status.servers().get(member);
      low |= server != null && server.diskLow();
    }
    diskLow = low;
  }

  // Who logs in, reads, acknowledges and leaves writes a few bytes, and may make room.
  private static boolean growsData(Command command) {
    return command instanceof Command.SendMessage || command instanceof Command.CreateAccount;
  }

  @Override
  public CompletableFuture<Outcome> propose(Command command, BooleanSupplier wanted) {
    if (stopping) {
      return CompletableFuture.failedFuture(new BackendException.ShuttingDown());
    }
    if (diskLow && growsData(command)) {
      return CompletableFuture.failedFuture(new BackendException.DiskFull());
    }
    return translated(loop.propose(CommandCodec.encode(command), wanted));
  }

  @Override
  public CompletableFuture<Void> readBarrier() {
    return translated(loop.readBarrier());
  }

  private <T> CompletableFuture<T> translated(CompletableFuture<T> future) {
    return future.exceptionallyCompose(
        failure -> CompletableFuture.failedFuture(translate(failure)));
  }

  private Throwable translate(Throwable failure) {
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    if (!(cause instanceof ProposalException refused)) {
      return cause;
    }
    return switch (refused.reason()) {
      case NOT_PRIMARY -> notPrimary();
      case VIEW_CHANGING, UNWANTED -> new BackendException.ViewChanging();
      case OVERLOADED -> new BackendException.Overloaded();
      case STOPPING -> new BackendException.ShuttingDown();
      case OUTCOME_UNKNOWN -> new BackendException.OutcomeUnknown();
    };
  }

  @Override
  public Optional<BackendException> refusal() {
    if (stopping) {
      return Optional.of(new BackendException.ShuttingDown());
    }
    Status status = loop.status();
    return status != null && status.serving() ? Optional.empty() : Optional.of(notPrimary());
  }

  /** Why this server refuses: who is primary, or that nobody is. */
  BackendException notPrimary() {
    Status status = loop.status();
    ServerId primary = status == null ? null : status.primary();
    if (primary == null || status == null || status.servers().isEmpty()) {
      return new BackendException.NoPrimary();
    }
    MemberAddress address = addresses.of(primary);
    return new BackendException.NotPrimary(
        primary.value(), address == null ? "" : address.client().toString());
  }

  @Override
  public ClusterState clusterState() {
    Status status = loop.status();
    return status == null
        ? new ClusterState(List.of(), 0, 0, List.of(), 0, List.of(), "This server is starting.")
        : ClusterView.of(status, addresses);
  }

  @Override
  public long currentTimeMicros() {
    long clock =
        TimeUnit.MILLISECONDS.toMicros(
            clocks.bounded(System.currentTimeMillis(), System.nanoTime()));
    return Math.max(clock, queries.lastTimeMicros());
  }
}
