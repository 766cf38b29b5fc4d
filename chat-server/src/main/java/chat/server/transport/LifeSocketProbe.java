package chat.server.transport;

import chat.server.replication.ServerId;
import chat.server.runtime.CrashProbe;
import java.net.InetSocketAddress;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The crash probe of a cluster's servers, by their life sockets. Thread-safe. */
public final class LifeSocketProbe implements CrashProbe {
  private final Function<ServerId, @Nullable InetSocketAddress> lifeSockets;
  private final RefusalProbe probe;

  /**
   * Takes over nothing: whoever made the probe closes it.
   *
   * @param lifeSockets the address that a server last proved to be its own; null if none is known,
   *     and then nothing can be proven
   */
  public LifeSocketProbe(
      Function<ServerId, @Nullable InetSocketAddress> lifeSockets, RefusalProbe probe) {
    this.lifeSockets = lifeSockets;
    this.probe = probe;
  }

  @Override
  public void probe(ServerId target, Consumer<Boolean> answer) {
    InetSocketAddress socket = lifeSockets.apply(target);
    if (socket == null) {
      answer.accept(false);
      return;
    }
    // Never completes exceptionally, so its future has nothing to say.
    var unused =
        probe
            .probe(socket)
            .thenAccept(outcome -> answer.accept(outcome == RefusalProbe.Outcome.REFUSED));
  }
}
