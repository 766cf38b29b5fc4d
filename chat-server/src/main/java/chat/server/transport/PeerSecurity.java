package chat.server.transport;

import chat.server.replication.ServerId;
import io.grpc.ChannelCredentials;
import io.grpc.InsecureChannelCredentials;
import io.grpc.InsecureServerCredentials;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * How servers prove to each other who they are: mutual TLS, where each shows a certificate of the
 * cluster's own authority that bears its {@link PeerName}, or not at all. Thread-safe.
 */
public final class PeerSecurity implements Closeable {
  private final @Nullable TlsMaterial tls;

  private PeerSecurity(@Nullable TlsMaterial tls) {
    this.tls = tls;
  }

  /** Nothing is encrypted, and everybody is who they say they are. */
  public static PeerSecurity none() {
    return new PeerSecurity(null);
  }

  /**
   * Mutual TLS.
   *
   * @param files with an authority that vouches for this cluster's servers and nobody else
   * @throws IOException if they cannot be used; its text says why
   */
  public static PeerSecurity mutualTls(TlsFiles files) throws IOException {
    return new PeerSecurity(TlsMaterial.open(files));
  }

  /** A server that will listen, and know its callers where they show certificates. */
  NettyServerBuilder listenOn(InetSocketAddress address, RefusalLog refusals) {
    if (tls == null) {
      return NettyServerBuilder.forAddress(address, InsecureServerCredentials.create());
    }
    CallerCheck check = new CallerCheck(refusals);
    return NettyServerBuilder.forAddress(address, tls.forServer())
        .addTransportFilter(check)
        .intercept(check);
  }

  /** A channel to a server, which must prove that it is the one meant. */
  NettyChannelBuilder connectTo(ServerId peer, InetSocketAddress address) {
    ChannelCredentials credentials =
        tls == null ? InsecureChannelCredentials.create() : tls.forClient();
    NettyChannelBuilder builder =
        NettyChannelBuilder.forAddress(address.getHostString(), address.getPort(), credentials);
    if (tls != null) {
      // The name that the certificate must bear, whatever the address.
      builder.overrideAuthority(PeerName.of(peer));
    }
    return builder;
  }

  @Override
  public void close() {
    if (tls != null) {
      tls.close();
    }
  }
}
