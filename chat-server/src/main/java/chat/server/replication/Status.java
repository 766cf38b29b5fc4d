package chat.server.replication;

import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a server knows of itself and of the others, for operators and clients.
 *
 * @param view the newest view known, which need not be installed here
 * @param primary the server that acts as primary, as far as known
 * @param serving whether this server is that primary: clients may stay with it
 * @param paused whether it is primary but takes no writes just now, since a view change or a
 *     hand-over is under way: streams pause (R11)
 * @param waitingFor servers without which nobody may serve; empty while somebody does
 * @param servers every server of the cluster
 * @param refusals why servers that knock are refused; some of them may belong to no cluster
 */
public record Status(
    Role role,
    View view,
    @Nullable ServerId primary,
    boolean serving,
    boolean paused,
    List<ServerId> waitingFor,
    SortedMap<ServerId, Server> servers,
    SortedMap<ServerId, String> refusals) {
  public Status {
    waitingFor = List.copyOf(waitingFor);
    servers = Collections.unmodifiableSortedMap(new TreeMap<>(servers));
    refusals = Collections.unmodifiableSortedMap(new TreeMap<>(refusals));
  }

  /** What a server is. */
  public enum Role {
    PRIMARY,
    BACKUP,
    LEARNER,
    RECOVERING,
    UNREACHABLE
  }

  /**
   * One server, as seen from here.
   *
   * @param durableIndex where its log was known to end when it was last heard; 0 if it never was
   * @param address where it is by its own account; "" if it has not said
   * @param diskLow whether its disk was nearly full when it was last heard
   */
  public record Server(
      Role role,
      boolean reachable,
      long durableIndex,
      long appliedIndex,
      String address,
      boolean diskLow) {}
}
