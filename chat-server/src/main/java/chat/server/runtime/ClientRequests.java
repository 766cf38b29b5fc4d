package chat.server.runtime;

import chat.server.chat.Outcome;
import chat.server.replication.LogPosition;
import chat.server.replication.Ready;
import chat.server.replication.Replica;
import chat.server.replication.Status;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Commands on their way to the log and reads that wait to be confirmed. While a primary changes the
 * view itself it takes neither; they wait for that, for a second at most.
 *
 * <p>{@link #propose} and {@link #read} may be called from any thread; the rest is for whoever
 * drives the replica.
 */
final class ClientRequests {
  /** Proposals on their way, beyond which more are refused. */
  private static final int PROPOSALS_MAX = 50_000;

  /** How long a proposal or a read waits for a view change of this primary's own. */
  private static final long HOLD_NANOS = TimeUnit.SECONDS.toNanos(1);

  private static final long RETRY_MILLIS = 10;

  private final Replica replica;
  private final Applier applier;
  private final Inputs inputs;
  private final Supplier<@Nullable Status> status;

  // Of whoever drives the replica.
  private final ArrayDeque<Proposal> held = new ArrayDeque<>();
  private final Map<Long, Read> reads = new HashMap<>();
  private long readIds;
  private boolean stopping;

  /**
   * @param inputs where requests wait for the replica
   * @param status what was last known; null before the first step
   */
  ClientRequests(
      Replica replica, Applier applier, Inputs inputs, Supplier<@Nullable Status> status) {
    this.replica = replica;
    this.applier = applier;
    this.inputs = inputs;
    this.status = status;
  }

  /** A command on its way to the log. */
  private final class Proposal implements Inputs.Input {
    final byte[] payload;
    final BooleanSupplier wanted;
    final CompletableFuture<Outcome> outcome = new CompletableFuture<>();
    long since;

    Proposal(byte[] payload, BooleanSupplier wanted) {
      this.payload = payload;
      this.wanted = wanted;
    }

    @Override
    public void handle(long now) {
      since = now;
      append(this, now);
    }

    @Override
    public void refuse() {
      fail(outcome, ProposalException.Reason.STOPPING);
    }
  }

  /** A read that waits to be confirmed. */
  private final class Read implements Inputs.Input {
    final CompletableFuture<Void> ready = new CompletableFuture<>();
    long since;

    @Override
    public void handle(long now) {
      // Asked again after a view change, it has waited since it was asked first.
      since = since == 0 ? now : since;
      long id = ++readIds;
      reads.put(id, this);
      replica.read(id, now);
    }

    @Override
    public void refuse() {
      fail(ready, ProposalException.Reason.STOPPING);
    }
  }

  /** As {@link ReplicaLoop#propose}. */
  CompletableFuture<Outcome> propose(byte[] payload, BooleanSupplier wanted) {
    Proposal proposal = new Proposal(payload, wanted);
    inputs.add(proposal);
    return proposal.outcome;
  }

  /** As {@link ReplicaLoop#readBarrier}. */
  CompletableFuture<Void> read() {
    Read read = new Read();
    inputs.add(read);
    return read.ready;
  }

  private void append(Proposal proposal, long now) {
    if (stopping) {
      proposal.refuse();
      return;
    }
    if (!proposal.wanted.getAsBoolean()) {
      fail(proposal.outcome, ProposalException.Reason.UNWANTED);
      return;
    }
    if (!held.isEmpty()) {
      hold(proposal); // What waits already goes first.
      return;
    }
    if (applier.expected() >= PROPOSALS_MAX) {
      fail(proposal.outcome, ProposalException.Reason.OVERLOADED);
      return;
    }
    LogPosition position = replica.propose(proposal.payload, now);
    if (position == null) {
      hold(proposal);
    } else {
      applier.expect(position, proposal.outcome);
    }
  }

  private void hold(Proposal proposal) {
    Status known = status.get();
    if (known == null || !(known.serving() && known.paused())) {
      fail(proposal.outcome, ProposalException.Reason.NOT_PRIMARY);
    } else if (held.size() >= PROPOSALS_MAX) {
      fail(proposal.outcome, ProposalException.Reason.OVERLOADED);
    } else {
      held.add(proposal);
    }
  }

  /**
   * Tries again what waits for a view change to be over.
   *
   * @return whether anything waited
   */
  boolean retryHeld(long now) {
    if (held.isEmpty()) {
      return false;
    }
    List<Proposal> waiting = new ArrayList<>(held);
    held.clear();
    for (Proposal proposal : waiting) {
      if (now - proposal.since > HOLD_NANOS) {
        fail(proposal.outcome, ProposalException.Reason.VIEW_CHANGING);
      } else {
        append(proposal, now);
      }
    }
    return true;
  }

  void confirmed(Ready.Read read) {
    Read waiting = reads.remove(read.id());
    if (waiting != null) {
      applier.whenApplied(read.index(), waiting.ready);
    }
  }

  void readFailed(long id) {
    Read waiting = reads.remove(id);
    if (waiting == null) {
      return;
    }
    Status known = status.get();
    boolean mayComeBack = known != null && known.serving() && !stopping;
    if (mayComeBack && System.nanoTime() - waiting.since < HOLD_NANOS) {
      // A view change of this primary's own: ask again when it may be over.
      CompletableFuture.delayedExecutor(RETRY_MILLIS, TimeUnit.MILLISECONDS)
          .execute(() -> inputs.add(waiting));
    } else {
      fail(
          waiting.ready,
          mayComeBack
              ? ProposalException.Reason.VIEW_CHANGING
              : ProposalException.Reason.NOT_PRIMARY);
    }
  }

  /** Refuses the proposals that wait, and those that come later; reads go on. */
  void stop() {
    stopping = true;
    held.forEach(Proposal::refuse);
    held.clear();
  }

  /** Refuses everything that waits. */
  void end() {
    stop();
    reads.values().forEach(Read::refuse);
    reads.clear();
  }

  private static void fail(CompletableFuture<?> future, ProposalException.Reason reason) {
    future.completeExceptionally(new ProposalException(reason));
  }
}
