package chat.client;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * The servers that a client knows: those it was given, and those it learned of from them, so that
 * one address is enough to begin with. Thread-safe.
 */
final class ServerDirectory {
  static final int DEFAULT_PORT = 7401;

  /** More than any cluster has; a server that names more is not believed. */
  private static final int MOST = 16;

  private final List<HostPort> given;
  private final Set<HostPort> known;

  ServerDirectory(Collection<String> addresses) {
    List<HostPort> parsed = addresses.stream().map(HostPort::parse).distinct().toList();
    if (parsed.isEmpty()) {
      throw new IllegalArgumentException("No server is given; expected HOST:PORT[,HOST:PORT...].");
    }
    this.given = parsed;
    this.known = new LinkedHashSet<>(parsed);
  }

  /** The channel target that names the given servers. */
  String target() {
    StringBuilder target = new StringBuilder(ServerListResolverProvider.SCHEME + ":///");
    for (int i = 0; i < given.size(); i++) {
      target.append(i == 0 ? "" : ",").append(given.get(i));
    }
    return target.toString();
  }

  /** The given servers, for sentences. */
  String words() {
    return String.join(", ", given.stream().map(HostPort::toString).toList());
  }

  synchronized List<HostPort> servers() {
    return new ArrayList<>(known);
  }

  /**
   * Takes over addresses that a server told.
   *
   * @return whether any is new
   */
  synchronized boolean learn(Collection<String> told) {
    boolean changed = false;
    for (String text : told) {
      if (known.size() < MOST && HostPort.isValid(text)) {
        HostPort address = HostPort.parse(text);
        if (mayBelieve(address)) {
          changed |= known.add(address);
        }
      }
    }
    return changed;
  }

  /**
   * A remote server's "127.0.0.1" is not ours: a password must not go to whoever listens on this
   * machine.
   */
  private boolean mayBelieve(HostPort address) {
    return !address.isLoopback() || given.stream().allMatch(HostPort::isLoopback);
  }

  /** A server's address for clients. */
  record HostPort(String host, int port) {
    /** Parses {@code HOST} or {@code HOST:PORT}; IPv6 addresses in brackets are not supported. */
    static HostPort parse(String text) {
      if (!isValid(text)) {
        throw new IllegalArgumentException(
            "\""
                + text
                + "\" is not a server address; expected HOST:PORT, such as 127.0.0.1:7401.");
      }
      URI uri = URI.create("chat://" + text.trim());
      return new HostPort(
          uri.getHost().toLowerCase(Locale.ROOT),
          uri.getPort() == -1 ? DEFAULT_PORT : uri.getPort());
    }

    static boolean isValid(String text) {
      try {
        URI uri = new URI("chat://" + text.trim());
        return uri.getHost() != null
            && !uri.getHost().startsWith("[")
            && uri.getUserInfo() == null
            && uri.getPath().isEmpty()
            && uri.getQuery() == null
            && uri.getFragment() == null
            && uri.getPort() <= 65535
            && uri.getPort() != 0;
      } catch (URISyntaxException e) {
        return false;
      }
    }

    boolean isLoopback() {
      return host.equals("localhost") || host.startsWith("127.");
    }

    @Override
    public String toString() {
      return host + ":" + port;
    }
  }
}
