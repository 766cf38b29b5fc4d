package chat.client;

import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One server of a {@link FakeCluster}. */
final class FakeServer {
  private final FakeCluster cluster;
  private final int id;
  private final InetAddress host;
  private final int port;
  private @Nullable Server server;
  private @Nullable HealthStatusManager health;
  private @Nullable FakeChatService service;
  private volatile boolean frozen;

  FakeServer(FakeCluster cluster, int id, InetAddress host, int port) {
    this.cluster = cluster;
    this.id = id;
    this.host = host;
    this.port = port;
  }

  int id() {
    return id;
  }

  String address() {
    String literal = host.getHostAddress();
    return (literal.contains(":") ? "[" + literal + "]" : literal) + ":" + port;
  }

  int port() {
    return port;
  }

  boolean isPrimary() {
    return cluster.primaryId() == id;
  }

  boolean isFrozen() {
    return frozen;
  }

  synchronized boolean isUp() {
    return server != null;
  }

  synchronized void start() {
    health = new HealthStatusManager();
    service = new FakeChatService(cluster, this);
    frozen = false;
    roleChanged();
    try {
      server =
          NettyServerBuilder.forAddress(new InetSocketAddress(host, port))
              .permitKeepAliveTime(5, TimeUnit.SECONDS)
              .permitKeepAliveWithoutCalls(true)
              .intercept(new Freezer())
              .addService(health.getHealthService())
              .addService(
                  io.grpc.ServerInterceptors.intercept(service, new FakeChatService.Tokens()))
              .build()
              .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  synchronized void roleChanged() {
    if (health == null || frozen) {
      return;
    }
    health.setStatus(
        PrimaryChannel.SERVICE, isPrimary() ? ServingStatus.SERVING : ServingStatus.NOT_SERVING);
    if (!isPrimary() && service != null) {
      service.endStreams();
    }
  }

  /** From now on it says nothing, and its health is what it last said. */
  void freeze() {
    frozen = true;
  }

  FakeChatService service() {
    FakeChatService running = service;
    if (running == null) {
      throw new IllegalStateException("Server " + id + " is down.");
    }
    return running;
  }

  synchronized void pushIfUp() {
    if (server != null && service != null) {
      service.push();
    }
  }

  /** As kill -9: connections break, no goodbye. */
  synchronized void kill() {
    if (server != null) {
      server.shutdownNow();
      server = null;
    }
  }

  /** Takes calls of a frozen server and never answers. */
  private final class Freezer implements ServerInterceptor {
    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
      return frozen ? new ServerCall.Listener<Q>() {} : next.startCall(call, headers);
    }
  }
}
