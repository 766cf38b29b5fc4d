package chat.server.replication;

import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Who holds every acknowledged entry: the members with the incarnations they promised under, and
 * the one among them that takes writes.
 *
 * @param ballot in which this value was made; names the view
 * @param members at least one
 * @param primary one of the members
 * @param cluster carried along so that whoever learns a view learns whose it is
 */
public record View(
    Epoch ballot, SortedMap<ServerId, Incarnation> members, ServerId primary, Cluster cluster) {
  public View {
    members = Collections.unmodifiableSortedMap(new TreeMap<>(members));
    if (!members.containsKey(primary)) {
      throw new IllegalArgumentException("primary " + primary + " is not among " + members);
    }
  }

  /** View 0 (R8): all configured servers, under incarnations that nobody runs under. */
  public static View unborn(Set<ServerId> configured) {
    SortedMap<ServerId, Incarnation> members = new TreeMap<>();
    for (ServerId id : configured) {
      members.put(id, Incarnation.NONE);
    }
    return new View(Epoch.ZERO, members, members.lastKey(), Cluster.UNBORN);
  }

  public boolean has(ServerId id) {
    return members.containsKey(id);
  }

  /** Whether {@code id} runs under the incarnation that this view names: it has not restarted. */
  public boolean names(ServerId id, Incarnation incarnation) {
    return incarnation.equals(members.get(id));
  }

  /** The incarnation of a member, or null for a server that is none. */
  public @Nullable Incarnation incarnationOf(ServerId id) {
    return members.get(id);
  }

  /** The same view of a cluster that a server no longer belongs to. */
  View without(ServerId id) {
    SortedMap<ServerId, Incarnation> rest = new TreeMap<>(members);
    rest.remove(id);
    return new View(ballot, rest, primary, cluster.without(id));
  }

  public int size() {
    return members.size();
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("V").append(ballot).append('{');
    for (Map.Entry<ServerId, Incarnation> m : members.entrySet()) {
      text.append(m.getKey()).append(':').append(m.getValue()).append(' ');
    }
    text.setCharAt(text.length() - 1, '}');
    return text.append(" primary ").append(primary).toString();
  }
}
