package chat.server.api;

import chat.v1.GetClusterStatusResponse;
import chat.v1.ServerRole;
import chat.v1.ServerStatus;

/** {@code GetClusterStatus}: answered by every server, in any role. Thread-safe. */
final class ClusterStatusCalls {
  private final Proposals proposals;

  ClusterStatusCalls(Proposals proposals) {
    this.proposals = proposals;
  }

  GetClusterStatusResponse status() {
    ClusterState state = proposals.clusterState();
    GetClusterStatusResponse.Builder response =
        GetClusterStatusResponse.newBuilder()
            .setPrimaryId(state.primaryId())
            .setEpoch(state.epoch())
            .addAllViewMemberIds(state.viewMemberIds())
            .setSurvivableCrashes(state.survivableCrashes())
            .addAllWaitingForIds(state.waitingForIds())
            .setSummary(state.summary());
    for (ClusterState.Server server : state.servers()) {
      response.addServers(
          ServerStatus.newBuilder()
              .setServerId(server.id())
              .setAddress(server.address())
              .setRole(role(server.role()))
              .setReachable(server.reachable())
              .setDurableIndex(server.durableIndex())
              .setAppliedIndex(server.appliedIndex()));
    }
    return response.build();
  }

  private static ServerRole role(ClusterState.Role role) {
    return switch (role) {
      case PRIMARY -> ServerRole.SERVER_ROLE_PRIMARY;
      case BACKUP -> ServerRole.SERVER_ROLE_BACKUP;
      case LEARNER -> ServerRole.SERVER_ROLE_LEARNER;
      case RECOVERING -> ServerRole.SERVER_ROLE_RECOVERING;
      case UNREACHABLE -> ServerRole.SERVER_ROLE_UNREACHABLE;
    };
  }
}
