package chat.client;

import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.netty.channel.Channel;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.IoHandlerFactory;
import io.grpc.netty.shaded.io.netty.channel.SingleThreadIoEventLoop;
import io.grpc.netty.shaded.io.netty.channel.epoll.Epoll;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollIoHandler;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollSocketChannel;
import io.grpc.netty.shaded.io.netty.channel.nio.NioIoHandler;
import io.grpc.netty.shaded.io.netty.channel.socket.nio.NioSocketChannel;
import io.grpc.netty.shaded.io.netty.util.concurrent.DefaultThreadFactory;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The thread that a client's connections live on: nearly everything goes through the one to the
 * primary. A client has its own, since gRPC's shared ones go on for a second after their last user:
 * a process that ends meanwhile waits for 0.3 s, as Java does for every thread that it finds in
 * native code, and that is where these wait for the network. Thread-safe.
 */
final class EventLoop {
  private static final long CLOSE_MILLIS = 500;

  private final EventLoopGroup loop;
  private final Class<? extends Channel> channelType;

  EventLoop() {
    boolean epoll = Epoll.isAvailable();
    IoHandlerFactory handlers = epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
    // Not a group of one: the end of a group is told by a thread of Netty's that keeps a process
    // alive for another second.
    loop =
        new SingleThreadIoEventLoop(
            null, new DefaultThreadFactory("chat-client-network", true), handlers);
    channelType = epoll ? EpollSocketChannel.class : NioSocketChannel.class;
  }

  void carry(NettyChannelBuilder builder) {
    builder.eventLoopGroup(loop).channelType(channelType);
  }

  /** Ends it once these channels, which are shut down, need it no more; waits half a second. */
  void close(List<ManagedChannel> channels) {
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(CLOSE_MILLIS);
    try {
      for (ManagedChannel channel : channels) {
        boolean unused = channel.awaitTermination(end - System.nanoTime(), TimeUnit.NANOSECONDS);
      }
      var unused = loop.shutdownGracefully(0, CLOSE_MILLIS, TimeUnit.MILLISECONDS);
      boolean unusedEnd = loop.awaitTermination(end - System.nanoTime(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      var unused = loop.shutdownGracefully(0, CLOSE_MILLIS, TimeUnit.MILLISECONDS);
      Thread.currentThread().interrupt();
    }
  }
}
