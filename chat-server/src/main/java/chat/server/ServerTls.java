package chat.server;

import chat.server.transport.PeerSecurity;
import chat.server.transport.TlsFiles;
import chat.server.transport.TlsMaterial;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * The certificates of one process, opened once and read anew when their files change.
 *
 * @param clients null where clients' connections are not encrypted
 */
record ServerTls(@Nullable TlsMaterial clients, PeerSecurity peers) {
  /**
   * Reads them.
   *
   * @throws UsageException if one cannot be used
   */
  static ServerTls open(TlsConfig config) {
    TlsFiles clients = config.clients();
    TlsFiles peers = config.peers();
    try {
      return new ServerTls(
          clients == null ? null : TlsMaterial.open(clients),
          peers == null ? PeerSecurity.none() : PeerSecurity.mutualTls(peers));
    } catch (IOException e) {
      throw new UsageException(
          e.getMessage() + " Give others, or make them with run/make-certs.", e);
    }
  }
}
