package chat.server;

import chat.server.replication.ServerId;
import chat.server.transport.TlsFiles;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The flags of a server that say how its connections are encrypted. */
final class TlsFlags {
  @Option(
      names = "--tls",
      paramLabel = "DIR",
      description =
          "Encrypt everything with what run/make-certs wrote into DIR; the flags below choose"
              + " single files. Kept.")
  private @Nullable Path directory;

  @Option(
      names = "--tls-cert",
      paramLabel = "FILE",
      description = "This server's certificate for clients, PEM, with its chain. Kept.")
  private @Nullable Path clientCertificate;

  @Option(
      names = "--tls-key",
      paramLabel = "FILE",
      description = "Its key, PKCS#8 PEM. Files that change are read anew within seconds. Kept.")
  private @Nullable Path clientKey;

  @Option(
      names = "--peer-ca",
      paramLabel = "FILE",
      description =
          "The authority that vouches for this cluster's servers and operators, and for nobody"
              + " else. Kept.")
  private @Nullable Path peerAuthority;

  @Option(
      names = "--peer-cert",
      paramLabel = "FILE",
      description =
          "This server's certificate for the other servers; it bears the DNS name"
              + " server-N.chat.internal. Kept.")
  private @Nullable Path peerCertificate;

  @Option(names = "--peer-key", paramLabel = "FILE", description = "Its key. Kept.")
  private @Nullable Path peerKey;

  @Option(names = "--no-tls", description = "Forget all of these that were kept.")
  private boolean none;

  /** What they say; null if nothing at all, and then what was kept holds. */
  @Nullable TlsConfig of(ServerId server) {
    boolean clients = clientCertificate != null || clientKey != null;
    boolean peers = peerAuthority != null || peerCertificate != null || peerKey != null;
    if (none) {
      if (clients || peers || directory != null) {
        throw new UsageException("--no-tls goes with no other TLS flag: leave it out.");
      }
      return TlsConfig.NONE;
    }
    if (!clients && !peers && directory == null) {
      return null;
    }
    TlsConfig single = new TlsConfig(clients ? forClients() : null, peers ? forPeers() : null);
    return (directory == null ? single : single.orElse(TlsConfig.in(directory, server))).absolute();
  }

  private TlsFiles forClients() {
    if (clientCertificate == null || clientKey == null) {
      throw new UsageException("--tls-cert and --tls-key go together: give both.");
    }
    return new TlsFiles(clientCertificate, clientKey, null);
  }

  private TlsFiles forPeers() {
    if (peerAuthority == null || peerCertificate == null || peerKey == null) {
      throw new UsageException("--peer-ca, --peer-cert and --peer-key go together: give all.");
    }
    return new TlsFiles(peerCertificate, peerKey, peerAuthority);
  }
}
