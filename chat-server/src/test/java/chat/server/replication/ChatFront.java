package chat.server.replication;

import chat.server.chat.Command;
import chat.server.chat.CommandCodec;
import chat.server.chat.MemoryTables;
import chat.server.chat.Outcome;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/** What one process does for clients: takes commands and reads, and answers what was applied. */
final class ChatFront {
  /** Gets the answer, or null for a refusal: then the command was never appended. */
  interface Reply extends Consumer<@Nullable Outcome> {}

  private record Waiter(LogPosition position, Reply reply) {}

  private final SimulatedCluster cluster;
  private final SimulatedServer server;
  private final Map<Long, Waiter> waiters = new HashMap<>();
  private final Map<Long, Consumer<@Nullable MemoryTables>> reads = new HashMap<>();
  private boolean served;

  ChatFront(SimulatedCluster cluster, SimulatedServer server) {
    this.cluster = cluster;
    this.server = server;
  }

  /**
   * Has a command carried out; to be called as an input of the process.
   *
   * @param command made with the stamp that this server gives it, in microseconds
   * @return whether it was appended
   */
  boolean propose(Replica replica, LongFunction<Command> command, Reply reply) {
    long stamp = Math.max(server.wallMicros(), server.disk.database.tables().lastTimeMicros());
    byte[] payload = CommandCodec.encode(command.apply(stamp));
    LogPosition position = replica.propose(payload, server.clock());
    if (position == null) {
      reply.accept(null);
      return false;
    }
    waiters.put(position.index(), new Waiter(position, reply));
    return true;
  }

  /** Reads what is applied, once that reflects all that was acknowledged before (R10). */
  void read(Replica replica, Consumer<@Nullable MemoryTables> reader) {
    long id = cluster.nextRead();
    cluster.checker().readBegins(id);
    reads.put(id, reader);
    replica.read(id, server.clock());
  }

  void applied(Entry entry, @Nullable Outcome outcome) {
    Waiter waiter = waiters.remove(entry.index());
    if (waiter != null && waiter.position().equals(entry.position()) && outcome != null) {
      if (outcome instanceof Outcome.MessageAccepted accepted) {
        cluster.history().acknowledges(accepted.message().text(), accepted);
      }
      waiter.reply().accept(outcome);
    }
  }

  /** Answers reads; what was proposed has an unknown outcome once this is primary no longer. */
  void serve(Ready ready) {
    for (Ready.Read read : ready.reads()) {
      Consumer<@Nullable MemoryTables> reader = reads.remove(read.id());
      if (reader != null) {
        if (server.disk.database.appliedIndex() < read.index()) {
          throw new InvariantViolation("server " + server.id + " answers " + read + " too early");
        }
        reader.accept(server.disk.database.tables());
      }
    }
    for (long id : ready.failedReads()) {
      Consumer<@Nullable MemoryTables> reader = reads.remove(id);
      if (reader != null) {
        reader.accept(null);
      }
    }
    Status status = ready.status();
    if (status != null) {
      if (served && !status.serving()) {
        waiters.clear();
      }
      served = status.serving();
    }
  }

  /** The process has died: nobody gets an answer. */
  void ends() {
    waiters.clear();
    reads.clear();
  }
}
