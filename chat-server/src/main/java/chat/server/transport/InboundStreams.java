package chat.server.transport;

import chat.server.replication.ServerId;
import io.grpc.Status;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The Replicate streams that other servers have open to this one. Thread-safe. */
final class InboundStreams {
  private final Set<InboundStream> open = ConcurrentHashMap.newKeySet();
  private final Map<ServerId, InboundStream> latest = new ConcurrentHashMap<>();

  void opened(InboundStream stream) {
    open.add(stream);
  }

  /** Entries came in on it: answers to their sender go back on it. */
  void used(ServerId sender, InboundStream stream) {
    if (latest.get(sender) != stream) {
      latest.put(sender, stream);
    }
  }

  void ended(@Nullable ServerId sender, InboundStream stream) {
    open.remove(stream);
    if (sender != null) {
      latest.remove(sender, stream);
    }
  }

  @Nullable InboundStream latestOf(ServerId sender) {
    return latest.get(sender);
  }

  void close() {
    for (InboundStream stream : open) {
      stream.end(Status.UNAVAILABLE.withDescription("this server is stopping"));
    }
  }
}
