package chat.server.api;

import java.util.List;

/**
 * What this server knows of the cluster: the content of {@code GetClusterStatus}. Immutable.
 *
 * @param servers every configured server, by id
 * @param primaryId the primary's id, 0 if none is known
 * @param epoch the view's ballot; grows with every change of view
 * @param viewMemberIds members of the view, ascending
 * @param survivableCrashes so many more servers may crash, one after the other, and service goes on
 * @param waitingForIds servers that must be back before anybody serves; empty while somebody does
 * @param summary all of it in one sentence
 */
public record ClusterState(
    List<Server> servers,
    int primaryId,
    long epoch,
    List<Integer> viewMemberIds,
    int survivableCrashes,
    List<Integer> waitingForIds,
    String summary) {

  public ClusterState {
    servers = List.copyOf(servers);
    viewMemberIds = List.copyOf(viewMemberIds);
    waitingForIds = List.copyOf(waitingForIds);
  }

  /** What a server is, as seen by the one that answers. */
  public enum Role {
    PRIMARY,
    BACKUP,
    LEARNER,
    RECOVERING,
    UNREACHABLE
  }

  /**
   * One server.
   *
   * @param id its server id
   * @param address where clients reach it, {@code host:port}
   * @param role what it is
   * @param reachable whether it was heard lately (true for the server that answers)
   * @param durableIndex the newest log index known to be on its disk
   * @param appliedIndex the newest log index known to be in its database
   */
  public record Server(
      int id, String address, Role role, boolean reachable, long durableIndex, long appliedIndex) {}
}
