package chat.server.runtime;

import chat.server.replication.Change;
import chat.server.replication.Ready;
import chat.server.replication.Replica;
import chat.server.replication.ServerId;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;

/**
 * What operators ask of this server's replica, and who waits for it. {@link #change} and {@link
 * #confirmCrashed} may be called from any thread; the rest is of whoever has the turn.
 */
final class OperatorRequests {
  private record Request(CompletableFuture<Void> done, Inputs.Input work) implements Inputs.Input {
    @Override
    public void handle(long now) {
      work.handle(now);
    }

    @Override
    public void refuse() {
      done.completeExceptionally(isStopping());
    }
  }

  private final Replica replica;
  private final Inputs inputs;
  private final Map<Long, CompletableFuture<Void>> changes = new HashMap<>();
  private long changeIds;

  OperatorRequests(Replica replica, Inputs inputs) {
    this.replica = replica;
    this.inputs = inputs;
  }

  /** As {@link ReplicaLoop#change}. */
  CompletableFuture<Void> change(Change change) {
    CompletableFuture<Void> made = new CompletableFuture<>();
    inputs.add(
        new Request(
            made,
            now -> {
              long id = ++changeIds;
              changes.put(id, made);
              replica.change(id, change, now);
            }));
    return made;
  }

  /** As {@link ReplicaLoop#confirmCrashed}. */
  CompletableFuture<Void> confirmCrashed(ServerId server) {
    CompletableFuture<Void> taken = new CompletableFuture<>();
    inputs.add(
        new Request(
            taken,
            now -> {
              String refusal = replica.confirmCrashed(server, now);
              if (refusal == null) {
                taken.complete(null);
              } else {
                taken.completeExceptionally(new ChangeRefusedException(refusal));
              }
            }));
    return taken;
  }

  /** The replica says what has become of a change. */
  void changed(Ready.Changed changed) {
    CompletableFuture<Void> made = changes.remove(changed.id());
    if (made != null && changed.failure() == null) {
      made.complete(null);
    } else if (made != null) {
      made.completeExceptionally(
          new ChangeRefusedException(Objects.requireNonNull(changed.failure())));
    }
  }

  /** Nothing is done after this; who still waits is told so. */
  void end() {
    changes.values().forEach(made -> made.completeExceptionally(isStopping()));
    changes.clear();
  }

  private static ChangeRefusedException isStopping() {
    return new ChangeRefusedException("this server is stopping");
  }
}
