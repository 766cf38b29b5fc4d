package chat.server;

import chat.server.replication.ServerId;
import chat.server.replication.Status;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where the servers of the cluster are: at first where flags and the data directory say, then where
 * each says that it is itself. So a server moves by a restart with its new address, and one that is
 * added becomes known to those that were there before. Thread-safe.
 */
final class AddressBook implements AutoCloseable {
  private static final Logger logger = LoggerFactory.getLogger(AddressBook.class);

  private final ServerId self;
  private final Consumer<ClusterAddresses> moved;
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(r -> new Thread(r, "address-book"));
  private volatile ClusterAddresses current;

  /**
   * @param moved gets every change, on a thread that may block
   */
  AddressBook(ServerId self, ClusterAddresses initial, Consumer<ClusterAddresses> moved) {
    this.self = self;
    this.current = initial;
    this.moved = moved;
  }

  ClusterAddresses current() {
    return current;
  }

  /** Null for a server of the cluster that nobody has said the address of. */
  @Nullable MemberAddress of(ServerId id) {
    return current.members().get(id);
  }

  /** Learns from what the servers say of themselves; called by whoever drives the replica. */
  void learn(Status status) {
    SortedMap<ServerId, MemberAddress> next = new TreeMap<>();
    for (Map.Entry<ServerId, Status.Server> server : status.servers().entrySet()) {
      MemberAddress known = current.members().get(server.getKey());
      MemberAddress told = told(server.getKey(), server.getValue().address());
      MemberAddress address = told == null || server.getKey().equals(self) ? known : told;
      if (address != null) {
        next.put(server.getKey(), address);
      }
    }
    if (next.equals(current.members()) || !next.containsKey(self)) {
      return;
    }
    try {
      ClusterAddresses changed = new ClusterAddresses(next);
      current = changed;
      thread.execute(
          () -> {
            logger.info("the servers are {}", changed);
            moved.accept(changed);
          });
    } catch (UsageException e) {
      logger.warn("keeping the addresses known: {}", e.getMessage());
    } catch (RejectedExecutionException e) {
      logger.debug("closed already", e);
    }
  }

  private static @Nullable MemberAddress told(ServerId id, String address) {
    if (address.isEmpty()) {
      return null;
    }
    try {
      return MemberAddress.parse(address);
    } catch (UsageException e) {
      logger.warn("server {} says that it is at '{}', which is no address", id, address);
      return null;
    }
  }

  @Override
  public void close() {
    thread.shutdown();
  }
}
