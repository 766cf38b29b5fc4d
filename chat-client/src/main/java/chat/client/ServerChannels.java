package chat.client;

import io.grpc.ManagedChannelBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.netty.channel.ChannelOption;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/**
 * What all channels of a client have in common. Immutable.
 *
 * @param tls how the way to a server is secured
 * @param executor where callbacks run, look-ups of names too; those of callers may block it
 * @param eventLoop what the connections live on
 */
record ServerChannels(
    ServerDirectory directory,
    CallTimes times,
    ClientTls tls,
    Executor executor,
    EventLoop eventLoop) {
  ManagedChannelBuilder<?> newBuilder() {
    int connectMillis = (int) times.attempt().toMillis();
    NettyChannelBuilder builder =
        NettyChannelBuilder.forTarget(directory.target(), tls.credentials())
            // A host that is back answers the next attempt at once; the old one's packets are sent
            // again ever more seldom.
            .withOption(ChannelOption.CONNECT_TIMEOUT_MILLIS, connectMillis)
            .setNameResolverArg(ServerListResolverProvider.DIRECTORY, directory)
            .executor(executor)
            .offloadExecutor(executor)
            .keepAliveTime(times.connectionCheck().toMillis(), TimeUnit.MILLISECONDS)
            .keepAliveTimeout(times.streamDead().toMillis(), TimeUnit.MILLISECONDS);
    eventLoop.carry(builder);
    String name = tls.name();
    if (name != null) {
      builder.setNameResolverArg(ServerListResolverProvider.TLS_NAME, name);
    }
    return builder;
  }
}
