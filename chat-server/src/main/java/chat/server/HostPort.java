package chat.server;

import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * A host, by name or number, and a port.
 *
 * @param host without brackets
 * @param port 1 to 65535
 */
public record HostPort(String host, int port) {
  public HostPort {
    if (host.isBlank()) {
      throw new UsageException("A host is missing before port " + port + ".");
    }
    if (port < 1 || port > 65535) {
      throw new UsageException("Port " + port + " of " + host + " is not between 1 and 65535.");
    }
  }

  /**
   * Reads {@code HOST:PORT}; an IPv6 address stands in brackets.
   *
   * @throws UsageException if the text is none
   */
  public static HostPort parse(String text) {
    int colon = text.lastIndexOf(':');
    if (colon < 0) {
      throw new UsageException("'" + text + "' is not HOST:PORT.");
    }
    return new HostPort(unbracketed(text.substring(0, colon)), port(text.substring(colon + 1)));
  }

  static String unbracketed(String host) {
    if (host.startsWith("[") && host.endsWith("]")) {
      return host.substring(1, host.length() - 1);
    }
    if (host.indexOf(':') >= 0) {
      throw new UsageException("Write the IPv6 address '" + host + "' in brackets.");
    }
    return host;
  }

  static int port(String text) {
    try {
      return Integer.parseInt(text);
    } catch (NumberFormatException e) {
      throw new UsageException("'" + text + "' is not a port.", e);
    }
  }

  // What Java makes for a record is put together from method handles at the first call: for this
  // one, the first of all, that takes longer than all else that a start does with the flags.
  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof HostPort o && port == o.port && host.equals(o.host);
  }

  @Override
  public int hashCode() {
    return 31 * host.hashCode() + port;
  }

  /**
   * Whether nobody outside this machine can reach it. Only what says so itself counts: no name is
   * looked up for this.
   */
  public boolean isLoopback() {
    return host.equals("localhost")
        || host.matches("127\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}")
        || host.equals("::1");
  }

  /** Resolved now, to listen on; the host may be unknown, which shows when it is used. */
  public InetSocketAddress resolved() {
    return new InetSocketAddress(host, port);
  }

  /** Not resolved, to connect to: each connection looks the name up anew. */
  public InetSocketAddress unresolved() {
    return InetSocketAddress.createUnresolved(host, port);
  }

  @Override
  public String toString() {
    return bracketed(host) + ":" + port;
  }

  static String bracketed(String host) {
    return host.indexOf(':') >= 0 ? "[" + host + "]" : host;
  }
}
