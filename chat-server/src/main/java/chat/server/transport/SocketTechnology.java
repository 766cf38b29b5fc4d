package chat.server.transport;

import io.grpc.netty.shaded.io.netty.channel.Channel;
import io.grpc.netty.shaded.io.netty.channel.IoHandlerFactory;
import io.grpc.netty.shaded.io.netty.channel.ServerChannel;
import io.grpc.netty.shaded.io.netty.channel.epoll.Epoll;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollIoHandler;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollServerSocketChannel;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollSocketChannel;
import io.grpc.netty.shaded.io.netty.channel.nio.NioIoHandler;
import io.grpc.netty.shaded.io.netty.channel.socket.nio.NioServerSocketChannel;
import io.grpc.netty.shaded.io.netty.channel.socket.nio.NioSocketChannel;

/**
 * How Netty reaches the operating system's sockets: natively where that can be had, which saves
 * calls and copies, else through Java.
 *
 * @param handlers of a group of network threads
 * @param listening the channels of ports
 * @param connecting the channels that lead out
 */
record SocketTechnology(
    IoHandlerFactory handlers,
    Class<? extends ServerChannel> listening,
    Class<? extends Channel> connecting) {

  /** The best there is on this machine. */
  static SocketTechnology best() {
    return Epoll.isAvailable()
        ? new SocketTechnology(
            EpollIoHandler.newFactory(), EpollServerSocketChannel.class, EpollSocketChannel.class)
        : new SocketTechnology(
            NioIoHandler.newFactory(), NioServerSocketChannel.class, NioSocketChannel.class);
  }
}
