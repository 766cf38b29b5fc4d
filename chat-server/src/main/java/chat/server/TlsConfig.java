package chat.server;

import chat.server.replication.ServerId;
import chat.server.transport.TlsFiles;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Which connections are encrypted, and with what.
 *
 * @param clients for clients; null for none
 * @param peers between servers, and for operators; null for none
 */
record TlsConfig(@Nullable TlsFiles clients, @Nullable TlsFiles peers) {
  static final TlsConfig NONE = new TlsConfig(null, null);

  /** The authority of the clients' certificates in a directory of {@code run/make-certs}. */
  static final String CLIENT_AUTHORITY = "ca.pem";

  private static final String PEER_AUTHORITY = "peer-ca.pem";

  /** What {@code run/make-certs} wrote for one server. */
  static TlsConfig in(Path directory, ServerId server) {
    return new TlsConfig(ofClients(directory, server), ofPeer(directory, server));
  }

  static TlsFiles ofClients(Path directory, ServerId server) {
    return files(directory, "server-" + server, null);
  }

  static TlsFiles ofPeer(Path directory, ServerId server) {
    return files(directory, "peer-" + server, directory.resolve(PEER_AUTHORITY));
  }

  /** What it wrote for operators. */
  static TlsFiles ofOperator(Path directory) {
    return files(directory, "operator", directory.resolve(PEER_AUTHORITY));
  }

  private static TlsFiles files(Path directory, String name, @Nullable Path authority) {
    return new TlsFiles(
        directory.resolve(name + ".pem"), directory.resolve(name + ".key"), authority);
  }

  /** These, and for what is missing here those. */
  TlsConfig orElse(TlsConfig others) {
    return new TlsConfig(
        clients != null ? clients : others.clients, peers != null ? peers : others.peers);
  }

  /** With paths that mean the same from any directory. */
  TlsConfig absolute() {
    return new TlsConfig(
        clients == null ? null : absolute(clients), peers == null ? null : absolute(peers));
  }

  private static TlsFiles absolute(TlsFiles files) {
    Path authority = files.authority();
    return new TlsFiles(
        files.certificate().toAbsolutePath().normalize(),
        files.key().toAbsolutePath().normalize(),
        authority == null ? null : authority.toAbsolutePath().normalize());
  }
}
