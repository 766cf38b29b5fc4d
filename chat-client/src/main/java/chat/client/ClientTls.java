package chat.client;

import io.grpc.ChannelCredentials;
import io.grpc.InsecureChannelCredentials;
import io.grpc.TlsChannelCredentials;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import org.jspecify.annotations.Nullable;

/**
 * How a client's connections are encrypted. Immutable.
 *
 * @param name that every server's certificate must bear, whatever its address; null for the host in
 *     its address
 */
record ClientTls(ChannelCredentials credentials, @Nullable String name) {
  static final ClientTls NONE = new ClientTls(InsecureChannelCredentials.create(), null);

  /** Trusts this machine's usual authorities. */
  ClientTls withUsualAuthorities() {
    return new ClientTls(TlsChannelCredentials.create(), name);
  }

  /** Trusts the authorities in a PEM file, and no others. */
  ClientTls withAuthorities(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      // Netty says only when it connects that there is none, and in words of its own.
      if (CertificateFactory.getInstance("X.509").generateCertificates(in).isEmpty()) {
        throw new CertificateException("none");
      }
      return new ClientTls(
          TlsChannelCredentials.newBuilder().trustManager(file.toFile()).build(), name);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read the authorities in " + file + ".", e);
    } catch (CertificateException e) {
      throw new UncheckedIOException(
          "There is no certificate in " + file + ".", new IOException(e));
    }
  }

  ClientTls withName(String serverName) {
    return new ClientTls(credentials, serverName);
  }
}
