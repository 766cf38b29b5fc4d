package chat.client;

import chat.v1.GetClusterStatusResponse;
import chat.v1.Message;
import chat.v1.SendMessageResponse;
import chat.v1.ServerRole;
import com.google.protobuf.Timestamp;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Instant;
import java.util.List;

/**
 * From the messages of the wire to the values of the API. Whatever a server sends is accepted, or
 * refused with the {@code INTERNAL} of a broken server.
 */
final class Wire {
  // The range of google.protobuf.Timestamp: years 1 to 9999.
  private static final long SECONDS_MIN = -62_135_596_800L;
  private static final long SECONDS_MAX = 253_402_300_799L;

  private Wire() {}

  static Instant instant(Timestamp time) {
    boolean valid = time.getSeconds() >= SECONDS_MIN && time.getSeconds() <= SECONDS_MAX;
    return valid ? Instant.ofEpochSecond(time.getSeconds(), time.getNanos()) : Instant.EPOCH;
  }

  static ChatMessage message(Message message) {
    return new ChatMessage(
        message.getMessageId(),
        message.getSender(),
        message.getRecipient(),
        message.getText(),
        instant(message.getSentTime()));
  }

  static List<ChatMessage> messages(List<Message> messages) {
    return messages.stream().map(Wire::message).toList();
  }

  /**
   * Whether it is a receipt at all. What is not the type that was expected reads as a message
   * without any field.
   */
  static boolean isReceipt(SendMessageResponse response) {
    return response.getMessageId() > 0;
  }

  static SentMessage sent(SendMessageResponse response, String requestId) {
    if (!isReceipt(response)) {
      throw broken("The server accepted a message and gave it no id.");
    }
    Delivery delivery =
        switch (response.getDelivery()) {
          case DELIVERY_LIVE -> Delivery.LIVE;
          case DELIVERY_QUEUED -> Delivery.QUEUED;
          case DELIVERY_UNSPECIFIED, UNRECOGNIZED -> Delivery.UNKNOWN;
        };
    return new SentMessage(
        response.getMessageId(),
        instant(response.getSentTime()),
        delivery,
        response.getDuplicate(),
        requestId);
  }

  static String sessionToken(String token) {
    if (token.isEmpty()) {
      throw broken("The server opened a session and gave it no token.");
    }
    return token;
  }

  private static StatusRuntimeException broken(String sentence) {
    return Status.INTERNAL.withDescription(sentence).asRuntimeException();
  }

  static ClusterStatus clusterStatus(GetClusterStatusResponse response) {
    return new ClusterStatus(
        response.getServersList().stream()
            .map(
                server ->
                    new ClusterStatus.Server(
                        server.getServerId(),
                        server.getAddress(),
                        role(server.getRole()),
                        server.getReachable(),
                        server.getDurableIndex(),
                        server.getAppliedIndex()))
            .toList(),
        response.getPrimaryId(),
        response.getEpoch(),
        response.getViewMemberIdsList(),
        response.getSurvivableCrashes(),
        response.getWaitingForIdsList(),
        response.getSummary());
  }

  private static ClusterStatus.Role role(ServerRole role) {
    return switch (role) {
      case SERVER_ROLE_PRIMARY -> ClusterStatus.Role.PRIMARY;
      case SERVER_ROLE_BACKUP -> ClusterStatus.Role.BACKUP;
      case SERVER_ROLE_LEARNER -> ClusterStatus.Role.LEARNER;
      case SERVER_ROLE_RECOVERING -> ClusterStatus.Role.RECOVERING;
      case SERVER_ROLE_UNREACHABLE -> ClusterStatus.Role.UNREACHABLE;
      case SERVER_ROLE_UNSPECIFIED, UNRECOGNIZED -> ClusterStatus.Role.UNKNOWN;
    };
  }
}
