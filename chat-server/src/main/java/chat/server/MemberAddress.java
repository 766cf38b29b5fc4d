package chat.server;

/**
 * Where one server of a cluster is found: one host, three ports.
 *
 * @param client for clients
 * @param peer for the other servers and for operators
 * @param life for the proof of a crash (R7)
 */
public record MemberAddress(HostPort client, HostPort peer, HostPort life) {

  /** Reads {@code HOST:PORT:PEERPORT:LIFEPORT}. */
  static MemberAddress parse(String text) {
    int life = text.lastIndexOf(':');
    int peer = life < 0 ? -1 : text.lastIndexOf(':', life - 1);
    int client = peer < 0 ? -1 : text.lastIndexOf(':', peer - 1);
    if (client < 0) {
      throw new UsageException("'" + text + "' is not HOST:PORT:PEERPORT:LIFEPORT.");
    }
    return of(
        HostPort.unbracketed(text.substring(0, client)),
        HostPort.port(text.substring(client + 1, peer)),
        HostPort.port(text.substring(peer + 1, life)),
        HostPort.port(text.substring(life + 1)));
  }

  static MemberAddress of(String host, int client, int peer, int life) {
    return new MemberAddress(
        new HostPort(host, client), new HostPort(host, peer), new HostPort(host, life));
  }

  boolean isLoopback() {
    return client.isLoopback();
  }

  @Override
  public String toString() {
    return client + ":" + peer.port() + ":" + life.port();
  }
}
