package chat.server.transport;

import io.grpc.netty.shaded.io.netty.channel.Channel;
import io.grpc.netty.shaded.io.netty.channel.ChannelFuture;
import io.grpc.netty.shaded.io.netty.channel.DefaultChannelPromise;
import io.grpc.netty.shaded.io.netty.channel.IoHandlerFactory;
import io.grpc.netty.shaded.io.netty.channel.MultiThreadIoEventLoopGroup;
import io.grpc.netty.shaded.io.netty.util.concurrent.ImmediateEventExecutor;

/**
 * Network threads that take in a connection only within its port's bounds. This is where a
 * connection is first seen whose handling has cost nothing yet; gRPC has no bound of its own.
 */
final class AcceptingLoops extends MultiThreadIoEventLoopGroup {
  private final ConnectionBounds bounds;

  AcceptingLoops(int threads, String name, IoHandlerFactory technology, ConnectionBounds bounds) {
    this(threads, new NetworkThreads(name), technology, bounds);
  }

  private AcceptingLoops(
      int threads, NetworkThreads made, IoHandlerFactory technology, ConnectionBounds bounds) {
    super(threads, made, technology);
    this.bounds = bounds;
    made.serve(this);
  }

  @Override
  public ChannelFuture register(Channel channel) {
    // A channel with a parent was accepted; others are a listening port or lead out.
    if (channel.parent() == null || bounds.admit(channel)) {
      return super.register(channel);
    }
    channel.unsafe().closeForcibly();
    // Not as a failure: Netty would log each of a flood's with a stack trace.
    return new DefaultChannelPromise(channel, ImmediateEventExecutor.INSTANCE).setSuccess();
  }
}
