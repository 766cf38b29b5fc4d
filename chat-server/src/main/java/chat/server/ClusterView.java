package chat.server;

import chat.server.api.ClusterState;
import chat.server.replication.ServerId;
import chat.server.replication.Status;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/** What the replication knows of the cluster, in the words of the public API. */
final class ClusterView {
  private ClusterView() {}

  static ClusterState of(Status status, AddressBook addresses) {
    List<ClusterState.Server> servers = new ArrayList<>();
    status
        .servers()
        .forEach(
            (id, server) -> {
              MemberAddress address = addresses.of(id);
              servers.add(
                  new ClusterState.Server(
                      id.value(),
                      address == null ? "" : address.client().toString(),
                      ClusterState.Role.valueOf(server.role().name()),
                      server.reachable(),
                      server.durableIndex(),
                      server.appliedIndex()));
            });
    ServerId primary = status.primary();
    boolean served = primary != null;
    List<Integer> members = new ArrayList<>();
    status.view().members().keySet().forEach(id -> members.add(id.value()));
    List<Integer> waitingFor = new ArrayList<>();
    status.waitingFor().forEach(id -> waitingFor.add(id.value()));
    int survivable = served ? members.size() - 1 : 0;
    return new ClusterState(
        servers,
        primary == null ? 0 : primary.value(),
        status.view().ballot().number(),
        members,
        survivable,
        served ? List.of() : waitingFor,
        summary(primary, status.view().cluster().isBorn(), members, waitingFor)
            + fullDisks(status)
            + refusals(status.refusals()));
  }

  private static String fullDisks(Status status) {
    StringBuilder text = new StringBuilder();
    for (ServerId member : status.view().members().keySet()) {
      Status.Server server = status.servers().get(member);
      if (server != null && server.diskLow()) {
        text.append(" Server ")
            .append(member)
            .append("'s disk is nearly full: new messages are refused.");
      }
    }
    return text.toString();
  }

  private static String summary(
      @Nullable ServerId primary, boolean born, List<Integer> members, List<Integer> waitingFor) {
    if (primary == null && !born) {
      return waitingFor.isEmpty()
          ? "Nobody serves yet: the cluster is being born."
          : "Nobody serves yet: a cluster is born when all its servers are up; waiting for "
              + servers(waitingFor)
              + ".";
    }
    if (primary == null) {
      return waitingFor.isEmpty()
          ? "Nobody serves at the moment: a primary is being chosen."
          : "Nobody serves: waiting for "
              + servers(waitingFor)
              + ", which may have acknowledged messages that the others do not have.";
    }
    String holders =
        "Server " + primary + " is primary; every message is on " + disks(members) + "; ";
    if (members.size() == 1) {
      return holders + "if it crashes, service waits for it.";
    }
    if (members.size() == 2) {
      return holders + "one of the two may crash and service goes on.";
    }
    return holders + "any " + word(members.size() - 1) + " may crash and service goes on.";
  }

  private static String refusals(SortedMap<ServerId, String> refusals) {
    StringBuilder text = new StringBuilder();
    refusals.forEach(
        (id, why) ->
            text.append(" Server ").append(id).append(" is refused: ").append(why).append('.'));
    return text.toString();
  }

  private static String disks(List<Integer> members) {
    return members.size() == 1 ? "its disk alone" : "the disks of " + servers(members);
  }

  private static String servers(Collection<Integer> ids) {
    List<String> words = new ArrayList<>();
    ids.forEach(id -> words.add(Integer.toString(id)));
    if (words.size() == 1) {
      return "server " + words.get(0);
    }
    String last = words.remove(words.size() - 1);
    return "servers " + String.join(", ", words) + " and " + last;
  }

  private static String word(int count) {
    String[] words = {"no", "one", "two", "three", "four", "five", "six"};
    return count < words.length ? words[count] : Integer.toString(count);
  }
}
