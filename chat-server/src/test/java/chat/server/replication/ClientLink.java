package chat.server.replication;

import chat.server.chat.Command;
import chat.server.chat.MemoryTables;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * One client's connection to one process: what goes in comes out in its order, or not at all; after
 * a refusal or a break nothing does any more, so that nothing overtakes what was refused.
 */
final class ClientLink {
  private final SimulatedCluster cluster;
  private final SimulatedServer server;
  private final @Nullable Incarnation process;
  private final long delay;
  private final double breakChance;
  private boolean broken;

  /**
   * @param delay one way, in nanoseconds
   * @param breakChance of every call and every answer
   */
  ClientLink(SimulatedCluster cluster, SimulatedServer server, long delay, double breakChance) {
    this.cluster = cluster;
    this.server = server;
    this.process = server.alive() ? server.incarnation() : null;
    this.delay = delay;
    this.breakChance = breakChance;
  }

  boolean broken() {
    return broken || !server.alive() || !server.incarnation().equals(process);
  }

  SimulatedServer server() {
    return server;
  }

  private void later(Runnable action) {
    if (cluster.clientRandom().nextDouble() < breakChance) {
      broken = true;
    }
    cluster.at(
        cluster.now() + delay,
        () -> {
          if (!broken()) {
            action.run();
          }
        });
  }

  /** Asks for a command; the answer comes back unless something breaks. */
  void call(LongFunction<Command> command, ChatFront.Reply reply) {
    later(
        () ->
            server.input(
                replica -> {
                  // What was refused before it has made it worthless.
                  if (!broken() && !server.front().propose(replica, command, back(reply))) {
                    broken = true;
                  }
                }));
  }

  private ChatFront.Reply back(ChatFront.Reply reply) {
    return outcome -> {
      if (outcome != null) {
        later(() -> reply.accept(outcome));
      }
    };
  }

  /**
   * Reads the applied state of the acting primary.
   *
   * @param confirmed whether it must reflect all that was acknowledged before (R10); a stream needs
   *     only what is committed
   * @param query taken from the tables there
   * @param answer gets it, unless something breaks
   */
  <T> void read(boolean confirmed, Function<MemoryTables, T> query, Consumer<T> answer) {
    Consumer<@Nullable MemoryTables> reader =
        tables -> {
          if (tables != null) {
            T result = query.apply(tables);
            later(() -> answer.accept(result));
          }
        };
    later(
        () ->
            server.input(
                replica -> {
                  if (confirmed) {
                    server.front().read(replica, reader);
                  } else if (server.acts()) {
                    reader.accept(server.disk.database.tables());
                  }
                }));
  }
}
