package chat.server;

import chat.server.api.ChatEndpoint;
import chat.server.replication.Status;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the public service what becomes of this server's role. Confined to whoever drives the
 * replica.
 */
final class RoleWatch {
  private static final Logger logger = LoggerFactory.getLogger(RoleWatch.class);

  private final ChatEndpoint endpoint;
  private final ReplicatedBackend backend;
  private boolean serving;
  private boolean paused;
  private String waiting = "";

  RoleWatch(ChatEndpoint endpoint, ReplicatedBackend backend) {
    this.endpoint = endpoint;
    this.backend = backend;
  }

  void changed(Status status) {
    if (status.serving() && !serving) {
      logger.info("this server is primary now, in {}", status.view());
      endpoint.becamePrimary(status.view().ballot().number());
    } else if (!status.serving() && serving) {
      logger.info("this server is primary no longer; view {}", status.view());
      endpoint.lostPrimary(backend.notPrimary());
      paused = false;
    }
    serving = status.serving();
    if (serving && status.paused() != paused) {
      paused = status.paused();
      if (paused) {
        endpoint.suspendStreams();
      } else {
        endpoint.resumeStreams();
      }
    }
    String now = status.primary() == null ? status.waitingFor().toString() : "[]";
    if (!now.equals(waiting)) {
      waiting = now;
      if (!now.equals("[]")) {
        logger.warn("{}", backend.clusterState().summary());
      }
    }
  }
}
