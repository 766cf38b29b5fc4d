package chat.client;

import io.grpc.NameResolver;
import io.grpc.NameResolverProvider;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.URI;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Makes targets of the form {@code chat:///h1:p1,h2:p2,h3:p3} known to gRPC, which finds this class
 * as a service: that is why it is public. Not part of the API.
 */
public final class ServerListResolverProvider extends NameResolverProvider {
  static final String SCHEME = "chat";

  /** The directory that grows while the channel lives; without it the target's list is all. */
  static final NameResolver.Args.Key<ServerDirectory> DIRECTORY =
      NameResolver.Args.Key.create("chat-server-directory");

  /** What every server's certificate bears; without it each bears the host of its address. */
  static final NameResolver.Args.Key<String> TLS_NAME =
      NameResolver.Args.Key.create("chat-tls-name");

  @Override
  public @Nullable NameResolver newNameResolver(URI target, NameResolver.Args args) {
    if (!SCHEME.equals(target.getScheme())) {
      return null;
    }
    ServerDirectory directory = args.getArg(DIRECTORY);
    if (directory == null) {
      String path = target.getPath() == null ? "" : target.getPath();
      directory = new ServerDirectory(Arrays.asList(path.replaceFirst("^/", "").split(",", -1)));
    }
    return new ServerListResolver(directory, args);
  }

  @Override
  public String getDefaultScheme() {
    return SCHEME;
  }

  @Override
  public Collection<Class<? extends SocketAddress>> getProducedSocketAddressTypes() {
    return List.of(InetSocketAddress.class);
  }

  @Override
  protected boolean isAvailable() {
    return true;
  }

  @Override
  protected int priority() {
    // Below the default of dns (5): a target without a scheme is none of ours.
    return 4;
  }
}
