package chat.client;

import chat.client.ServerDirectory.HostPort;
import io.grpc.Attributes;
import io.grpc.EquivalentAddressGroup;
import io.grpc.NameResolver;
import io.grpc.Status;
import io.grpc.StatusOr;
import io.grpc.SynchronizationContext;
import io.grpc.SynchronizationContext.ScheduledHandle;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Turns a list of servers into one address group an address: behind a name with several addresses
 * may be several servers, of which one is the primary. Names are looked up again at every refresh,
 * all at once: one that nobody answers for is waited for a moment, and then those that are known
 * are told. Not sooner, for whoever asks any server would ask the first that is known, alive or
 * not. Confined to the channel's synchronization context, but for the look-ups themselves.
 */
final class ServerListResolver extends NameResolver {
  private static final long PATIENCE_MILLIS = 250;

  private final ServerDirectory directory;
  private final SynchronizationContext syncContext;
  private final ScheduledExecutorService timer;
  private final Executor offloadExecutor;

  /** What each server's name last came to; one look-up of each runs at a time. */
  private final Map<HostPort, List<InetSocketAddress>> lastKnown = new ConcurrentHashMap<>();

  private final @Nullable String tlsName;
  private @Nullable Listener2 listener;

  /** Names that are being looked up. */
  private int resolving;

  private boolean impatient;
  private boolean again;
  private boolean shutdown;

  ServerListResolver(ServerDirectory directory, Args args) {
    this.directory = directory;
    this.syncContext = args.getSynchronizationContext();
    this.timer = args.getScheduledExecutorService();
    this.tlsName = args.getArg(ServerListResolverProvider.TLS_NAME);
    Executor executor = args.getOffloadExecutor();
    this.offloadExecutor = executor == null ? Runnable::run : executor;
  }

  @Override
  public String getServiceAuthority() {
    return authority(directory.servers().get(0));
  }

  /** Names the server to itself, and is what its certificate must bear. */
  private String authority(HostPort server) {
    return tlsName == null ? server.toString() : tlsName;
  }

  @Override
  public void start(Listener2 listener) {
    this.listener = listener;
    refresh();
  }

  @Override
  public void refresh() {
    if (shutdown) {
      return;
    }
    if (resolving > 0) {
      again = true;
      return;
    }
    List<HostPort> servers = directory.servers();
    resolving = servers.size();
    impatient = false;
    ScheduledHandle patience =
        syncContext.schedule(
            () -> {
              impatient = true;
              tell(servers);
            },
            PATIENCE_MILLIS,
            TimeUnit.MILLISECONDS,
            timer);
    for (HostPort server : servers) {
      offloadExecutor.execute(
          () -> {
            try {
              lookUp(server);
            } finally {
              syncContext.execute(() -> lookedUp(servers, patience));
            }
          });
    }
  }

  private void lookedUp(List<HostPort> servers, ScheduledHandle patience) {
    resolving--;
    tell(servers);
    if (resolving == 0) {
      patience.cancel();
      if (again) {
        again = false;
        refresh();
      }
    }
  }

  private void tell(List<HostPort> servers) {
    if (shutdown || listener == null) {
      return;
    }
    StatusOr<List<EquivalentAddressGroup>> known = known(servers);
    if (resolving == 0 || (impatient && known.hasValue())) {
      listener.onResult2(ResolutionResult.newBuilder().setAddressesOrError(known).build());
    }
  }

  private StatusOr<List<EquivalentAddressGroup>> known(List<HostPort> servers) {
    Map<InetSocketAddress, EquivalentAddressGroup> groups = new LinkedHashMap<>();
    List<String> unknown = new ArrayList<>();
    for (HostPort server : servers) {
      List<InetSocketAddress> addresses = lastKnown.getOrDefault(server, List.of());
      if (addresses.isEmpty()) {
        // The others may do; whoever picks a server hears of it only if none is left.
        unknown.add(server.host());
      }
      for (InetSocketAddress address : addresses) {
        // The name that a certificate must bear. A server that was given by name and is learned by
        // address stays what it was given as.
        Attributes attributes =
            Attributes.newBuilder()
                .set(EquivalentAddressGroup.ATTR_AUTHORITY_OVERRIDE, authority(server))
                .build();
        groups.putIfAbsent(address, new EquivalentAddressGroup(address, attributes));
      }
    }
    return groups.isEmpty()
        ? StatusOr.fromStatus(
            Status.UNAVAILABLE.withDescription("No address is known for " + unknown + "."))
        : StatusOr.fromValue(List.copyOf(groups.values()));
  }

  private void lookUp(HostPort server) {
    try {
      lastKnown.put(
          server,
          Arrays.stream(directory.lookup().lookUp(server.host()))
              .map(address -> new InetSocketAddress(address, server.port()))
              .toList());
    } catch (UnknownHostException e) {
      // What was known stays: a name service that is down for a moment must not cost the
      // connections that work.
    }
  }

  @Override
  public void shutdown() {
    shutdown = true;
  }
}
