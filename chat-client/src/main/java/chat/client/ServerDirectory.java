package chat.client;

import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
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
  private final NameLookup lookup;

  /** Finds the addresses of a name. */
  interface NameLookup {
    InetAddress[] lookUp(String host) throws UnknownHostException;
  }

  ServerDirectory(Collection<String> addresses) {
    this(addresses, InetAddress::getAllByName);
  }

  ServerDirectory(Collection<String> addresses, NameLookup lookup) {
    this.lookup = lookup;
    List<HostPort> parsed = addresses.stream().map(HostPort::parse).distinct().toList();
    if (parsed.isEmpty()) {
      throw new IllegalArgumentException("No server is given; expected HOST:PORT[,HOST:PORT...].");
    }
    this.given = parsed;
    this.known = new LinkedHashSet<>(parsed);
  }

  /** The channel target that names the given servers. */
  String target() {
    String path = "/" + String.join(",", given.stream().map(HostPort::toString).toList());
    try {
      // Escapes what a path must not have: the brackets of IPv6 addresses.
      return new URI(ServerListResolverProvider.SCHEME, "", path, null, null).toString();
    } catch (URISyntaxException e) {
      throw new IllegalStateException("Servers that were parsed are no path: " + path, e);
    }
  }

  NameLookup lookup() {
    return lookup;
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

  /**
   * A server's address for clients.
   *
   * @param host a name, or an address; that of IPv6 without brackets
   */
  record HostPort(String host, int port) {
    /** Parses {@code HOST} or {@code HOST:PORT}; an IPv6 address stands in brackets. */
    static HostPort parse(String text) {
      if (!isValid(text)) {
        throw new IllegalArgumentException(
            "\""
                + text
                + "\" is not a server address; expected HOST:PORT, such as 127.0.0.1:7401 or"
                + " [::1]:7401.");
      }
      URI uri = URI.create("chat://" + text.trim());
      return new HostPort(
          uri.getHost().replaceAll("[\\[\\]]", "").toLowerCase(Locale.ROOT),
          uri.getPort() == -1 ? DEFAULT_PORT : uri.getPort());
    }

    static boolean isValid(String text) {
      try {
        URI uri = new URI("chat://" + text.trim());
        return uri.getHost() != null
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

    /** Whether it leads to this machine; of a name, whether it says so. */
    boolean isLoopback() {
      if (host.equals("localhost")) {
        return true;
      }
      if (!host.contains(":") && !host.matches("[0-9.]+")) {
        return false;
      }
      try {
        // An address, written out: nobody is asked.
        InetAddress address = InetAddress.getByName(host);
        return address.isLoopbackAddress() || address.isAnyLocalAddress();
      } catch (UnknownHostException e) {
        return false;
      }
    }

    @Override
    public String toString() {
      return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
    }
  }
}
