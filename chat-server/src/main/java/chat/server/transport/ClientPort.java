package chat.server.transport;

import io.grpc.InsecureServerCredentials;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.MultiThreadIoEventLoopGroup;
import io.grpc.netty.shaded.io.netty.util.concurrent.DefaultThreadFactory;
import java.io.Closeable;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The port for everybody: its encryption, its network threads, and how long it bears with those who
 * say nothing. What it serves is added to the {@link #builder}. Thread-safe.
 */
public final class ClientPort implements Closeable {
  private static final int HANDSHAKE_SECONDS = 5;

  // Far beyond what a client gives up whose deadlines pass.
  private static final int RESETS_MAX = 2000;
  private static final int RESETS_WINDOW_SECONDS = 10;

  /** A client that is gone without a word, and a connection that never was one, end after both. */
  private static final int KEEP_ALIVE_SECONDS = 30;

  private static final int KEEP_ALIVE_ANSWER_SECONDS = 10;

  /** Without any call or stream; clients of ours watch the health and never come to it. */
  private static final int IDLE_MINUTES = 5;

  private final EventLoopGroup accepting;
  private final EventLoopGroup working;
  private final NettyServerBuilder builder;

  /**
   * A port that nobody listens on before the builder's server is started.
   *
   * @param tls the certificate that clients see, the caller's to close; null for no encryption
   */
  public ClientPort(InetSocketAddress address, @Nullable TlsMaterial tls, ConnectionBounds bounds) {
    SocketTechnology technology = SocketTechnology.best();
    accepting =
        new MultiThreadIoEventLoopGroup(
            1, new DefaultThreadFactory("client-accept", true), technology.handlers());
    working = new AcceptingLoops(0, "client-network", technology.handlers(), bounds);
    builder =
        NettyServerBuilder.forAddress(
                address, tls == null ? InsecureServerCredentials.create() : tls.forServer())
            .bossEventLoopGroup(accepting)
            .workerEventLoopGroup(working)
            .channelType(technology.listening())
            // Streams opened only to be reset, which costs the sender nothing (CVE-2023-44487).
            .maxRstFramesPerWindow(RESETS_MAX, RESETS_WINDOW_SECONDS)
            .handshakeTimeout(HANDSHAKE_SECONDS, TimeUnit.SECONDS)
            .keepAliveTime(KEEP_ALIVE_SECONDS, TimeUnit.SECONDS)
            .keepAliveTimeout(KEEP_ALIVE_ANSWER_SECONDS, TimeUnit.SECONDS)
            .maxConnectionIdle(IDLE_MINUTES, TimeUnit.MINUTES);
  }

  /** Of the one server on this port. */
  public NettyServerBuilder builder() {
    return builder;
  }

  /** Ends its threads; after its server. Does not wait for them. */
  @Override
  public void close() {
    for (EventLoopGroup threads : List.of(accepting, working)) {
      var unused = threads.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }
  }
}
