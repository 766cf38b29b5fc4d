package chat.server.transport;

import io.grpc.netty.shaded.io.netty.buffer.ByteBuf;
import io.grpc.netty.shaded.io.netty.channel.Channel;
import io.grpc.netty.shaded.io.netty.channel.ChannelHandlerContext;
import io.grpc.netty.shaded.io.netty.channel.ChannelInboundHandlerAdapter;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslHandler;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How many connections a port holds, so that whoever opens them by the thousand takes no memory and
 * no file descriptors that the server needs. Thread-safe.
 *
 * <p>A connection is a <em>stranger's</em> until its handshake is through (with TLS) or it has sent
 * what every HTTP/2 client sends first (without). There is little room for strangers: a newcomer
 * takes the place of the one who has waited longest, so a real client, which needs milliseconds,
 * gets in beside any number of silent connections. That is how sshd's MaxStartups defends a port.
 * Those who are through are bounded by count, in all and for each address; what they may ask for is
 * not decided here.
 */
public final class ConnectionBounds {
  /** The HTTP/2 preface and the head of the frame that must follow it. */
  private static final int HELLO_BYTES = 24 + 9;

  /** A stranger chooses some of it. */
  private static final int REASON_LENGTH_MAX = 120;

  private final String port;
  private final int max;
  private final int maxOfAddress;
  private final int strangersMax;
  private final RefusalLog refusals = new RefusalLog();

  // Guarded by this.
  private final Set<Channel> strangers = new LinkedHashSet<>();
  private final Map<InetAddress, Integer> open = new HashMap<>();
  private int total;

  /**
   * @param port in words, for the log
   * @param max connections in all; one address may have half of them
   * @param strangersMax of them whose handshake is not through
   */
  public ConnectionBounds(String port, int max, int strangersMax) {
    if (max < 2 || strangersMax < 1) {
      throw new IllegalArgumentException(max + " connections, " + strangersMax + " strangers");
    }
    this.port = port;
    this.max = max;
    this.maxOfAddress = max / 2;
    this.strangersMax = strangersMax;
  }

  /** How many connections there are. */
  public synchronized int count() {
    return total;
  }

  /** How many of them are strangers'. */
  public synchronized int strangers() {
    return strangers.size();
  }

  /**
   * Takes in a connection that was just accepted and is not registered yet; false if there is no
   * room, and then it is the caller's to close.
   */
  boolean admit(Channel channel) {
    InetAddress from = address(channel);
    Channel eldest = null;
    synchronized (this) {
      if (total >= max || (from != null && open.getOrDefault(from, 0) >= maxOfAddress)) {
        refusals.say(
            "refused a connection from " + from + " to the " + port + ": " + total + " are open");
        return false;
      }
      total++;
      if (from != null) {
        open.merge(from, 1, Integer::sum);
      }
      if (strangers.size() >= strangersMax) {
        Iterator<Channel> longest = strangers.iterator();
        eldest = longest.next();
        longest.remove();
      }
      strangers.add(channel);
    }
    var unusedNews = channel.closeFuture().addListener(closed -> forget(channel, from));
    channel.pipeline().addLast(new Hello());
    if (eldest != null) {
      refusals.say("closing connections to the " + port + " on which nobody says anything");
      var unusedClose = eldest.close();
    }
    return true;
  }

  private static @Nullable InetAddress address(Channel channel) {
    return channel.remoteAddress() instanceof InetSocketAddress remote ? remote.getAddress() : null;
  }

  private synchronized void forget(Channel channel, @Nullable InetAddress from) {
    total--;
    strangers.remove(channel);
    if (from != null) {
      open.computeIfPresent(from, (address, count) -> count == 1 ? null : count - 1);
    }
  }

  // Where certificates do not fit together, this is the only place that can say so.
  private void tellFailed(Channel channel, Throwable failure) {
    Throwable cause = failure;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    String text = cause.getMessage() == null ? cause.toString() : cause.getMessage();
    String why = text.replaceAll("[^ -~]", "?");
    refusals.say(
        "no TLS on the "
            + port
            + " with "
            + address(channel)
            + ": "
            + why.substring(0, Math.min(REASON_LENGTH_MAX, why.length())));
  }

  private synchronized void through(Channel channel) {
    strangers.remove(channel);
  }

  /** Waits for what makes a stranger a client. Confined to the connection's thread. */
  private final class Hello extends ChannelInboundHandlerAdapter {
    private int bytes;

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) throws Exception {
      Channel channel = context.channel();
      SslHandler tls = context.pipeline().get(SslHandler.class);
      if (tls != null) {
        var unused =
            tls.handshakeFuture()
                .addListener(
                    handshake -> {
                      if (handshake.isSuccess()) {
                        through(channel);
                      } else {
                        tellFailed(channel, handshake.cause());
                      }
                    });
        context.pipeline().remove(this);
      } else if (message instanceof ByteBuf received) {
        bytes += received.readableBytes();
        if (bytes >= HELLO_BYTES) {
          through(channel);
          context.pipeline().remove(this);
        }
      }
      context.fireChannelRead(message);
    }
  }
}
