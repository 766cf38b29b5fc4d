package chat.server.api;

import chat.v1.ChatServiceGrpc;
import io.grpc.BindableService;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.protobuf.services.HealthStatusManager;

/**
 * What clients find the primary by: {@code ""} is SERVING on every live server, the chat service
 * only on the acting primary. Thread-safe.
 */
final class ServingHealth {
  private final HealthStatusManager statuses = new HealthStatusManager();

  ServingHealth() {
    statuses.setStatus(HealthStatusManager.SERVICE_NAME_ALL_SERVICES, ServingStatus.SERVING);
    setPrimary(false);
  }

  BindableService service() {
    return statuses.getHealthService();
  }

  void setPrimary(boolean primary) {
    statuses.setStatus(
        ChatServiceGrpc.SERVICE_NAME, primary ? ServingStatus.SERVING : ServingStatus.NOT_SERVING);
  }

  /** Everything NOT_SERVING, for good: the server is stopping. */
  void stop() {
    statuses.enterTerminalState();
  }
}
