package chat.client;

import java.util.List;
import java.util.Optional;

/**
 * The cluster as one of its servers sees it. A server that is cut off from the others may be out of
 * date: its {@code epoch} is then lower than theirs.
 *
 * @param primaryId 0 if no primary is known
 * @param epoch grows with every change of view
 * @param survivableCrashes so many more servers may crash, one after the other
 * @param waitingForIds servers that must be back before anybody may serve
 * @param summary all of it in one sentence
 */
public record ClusterStatus(
    List<Server> servers,
    int primaryId,
    long epoch,
    List<Integer> viewMemberIds,
    int survivableCrashes,
    List<Integer> waitingForIds,
    String summary) {
  public ClusterStatus {
    servers = List.copyOf(servers);
    viewMemberIds = List.copyOf(viewMemberIds);
    waitingForIds = List.copyOf(waitingForIds);
  }

  /** The primary's entry, if a primary is known. */
  public Optional<Server> primary() {
    return servers.stream()
        .filter(server -> primaryId != 0 && server.serverId() == primaryId)
        .findFirst();
  }

  /** What a server is. */
  public enum Role {
    PRIMARY,
    BACKUP,
    LEARNER,
    RECOVERING,
    UNREACHABLE,
    /** The server said something that this library does not know. */
    UNKNOWN
  }

  /**
   * One server.
   *
   * @param address {@code host:port} for clients
   * @param durableIndex the newest log index on its disk
   * @param appliedIndex the newest log index in its database
   */
  public record Server(
      int serverId,
      String address,
      Role role,
      boolean reachable,
      long durableIndex,
      long appliedIndex) {}
}
