package chat.server.admin;

import chat.server.replication.LogPosition;
import chat.server.replication.ServerId;
import java.util.List;
import java.util.Optional;

/**
 * What one server is, from its own sight.
 *
 * @param clusterId empty before the cluster's birth
 * @param epoch the ballot of the newest view it knows
 * @param members of that view
 * @param serving whether it is itself the primary; writes may have to wait for a view change
 * @param member whether it is a member of that view, as it runs
 * @param durable the newest entry on its disk
 * @param appliedIndex the newest index in its database
 * @param waitingFor servers that must be back before anybody may serve
 * @param summary all of it in one sentence
 */
public record AdminStatus(
    ServerId id,
    String diskId,
    long incarnation,
    String clusterId,
    long lineage,
    long epoch,
    List<ServerId> members,
    Optional<ServerId> primary,
    boolean serving,
    boolean member,
    LogPosition durable,
    long appliedIndex,
    List<ServerId> waitingFor,
    String summary) {
  public AdminStatus {
    members = List.copyOf(members);
    waitingFor = List.copyOf(waitingFor);
  }
}
