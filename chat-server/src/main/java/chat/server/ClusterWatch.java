package chat.server;

import chat.server.replication.ServerId;
import chat.v1.ChatServiceGrpc;
import chat.v1.GetClusterStatusRequest;
import chat.v1.GetClusterStatusResponse;
import chat.v1.ServerRole;
import chat.v1.ServerStatus;
import io.grpc.ChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks the servers of a cluster how it is. One thread's. */
final class ClusterWatch implements AutoCloseable {
  private static final Logger logger = LoggerFactory.getLogger(ClusterWatch.class);
  private static final long CALL_MILLIS = 500;

  private final SortedMap<ServerId, ManagedChannel> channels = new TreeMap<>();

  ClusterWatch(ClusterAddresses cluster, ChannelCredentials credentials) {
    for (Map.Entry<ServerId, MemberAddress> member : cluster.members().entrySet()) {
      HostPort address = member.getValue().client();
      channels.put(
          member.getKey(), NettyChannelBuilder.forAddress(address.resolved(), credentials).build());
    }
  }

  /**
   * The status as the primary sees it, or else as any server that answers does; empty where none
   * does. Blocks for at most half a second a server.
   */
  Optional<GetClusterStatusResponse> status() {
    Optional<GetClusterStatusResponse> any = Optional.empty();
    for (Map.Entry<ServerId, ManagedChannel> server : channels.entrySet()) {
      try {
        // A server that was not up yet is asked again at once, not after the back-off.
        server.getValue().resetConnectBackoff();
        GetClusterStatusResponse answer =
            ChatServiceGrpc.newBlockingStub(server.getValue())
                .withDeadlineAfter(CALL_MILLIS, TimeUnit.MILLISECONDS)
                .getClusterStatus(GetClusterStatusRequest.getDefaultInstance());
        if (answer.getPrimaryId() == server.getKey().value()) {
          return Optional.of(answer);
        }
        any = Optional.of(answer);
      } catch (StatusRuntimeException e) {
        logger.debug("server {} does not say how the cluster is", server.getKey(), e);
      }
    }
    return any;
  }

  /** Whether somebody takes writes. */
  static boolean isServing(GetClusterStatusResponse status) {
    return status.getPrimaryId() != 0
        && role(status, new ServerId(status.getPrimaryId())).equals("primary");
  }

  /** Whether every configured server holds what is acknowledged. */
  static boolean isWhole(GetClusterStatusResponse status) {
    return isServing(status) && status.getViewMemberIdsCount() == status.getServersCount();
  }

  /** A server's role in a word. */
  static String role(GetClusterStatusResponse status, ServerId id) {
    for (ServerStatus server : status.getServersList()) {
      if (server.getServerId() == id.value() && server.getRole() != ServerRole.UNRECOGNIZED) {
        return server.getRole().name().replace("SERVER_ROLE_", "").toLowerCase(Locale.ROOT);
      }
    }
    return "unknown";
  }

  @Override
  public void close() {
    channels.values().forEach(ManagedChannel::shutdownNow);
  }
}
