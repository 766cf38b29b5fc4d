package chat.client;

import io.grpc.ChannelCredentials;
import io.grpc.InsecureChannelCredentials;
import io.grpc.TlsChannelCredentials;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How a client's connections are encrypted. Immutable.
 *
 * @param name that every server's certificate must bear, whatever its address; null for the host in
 *     its address
 */
record ClientTls(ChannelCredentials credentials, @Nullable String name) {
  private static final Pattern CERTIFICATE =
      Pattern.compile(
          "-----BEGIN (X509 )?CERTIFICATE-----.*?-----END [A-Z0-9 ]*CERTIFICATE-----",
          Pattern.DOTALL);

  static final ClientTls NONE = new ClientTls(InsecureChannelCredentials.create(), null);

  /** Trusts this machine's usual authorities. */
  ClientTls withUsualAuthorities() {
    return new ClientTls(TlsChannelCredentials.create(), name);
  }

  /** Netty says only when it connects that there is none, and in words of its own. */
  private static void requireCertificate(Path file) throws IOException, CertificateException {
    Matcher blocks = CERTIFICATE.matcher(Files.readString(file, StandardCharsets.ISO_8859_1));
    if (!blocks.find()) {
      throw new CertificateException("none");
    }
    CertificateFactory factory = CertificateFactory.getInstance("X.509");
    do {
      byte[] block = blocks.group().getBytes(StandardCharsets.ISO_8859_1);
      var unused = factory.generateCertificate(new ByteArrayInputStream(block));
    } while (blocks.find());
  }

  /** Trusts the authorities in a PEM file, and no others. */
  ClientTls withAuthorities(Path file) {
    try {
      requireCertificate(file);
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
