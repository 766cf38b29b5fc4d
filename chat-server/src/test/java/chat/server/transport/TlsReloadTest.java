package chat.server.transport;

import static chat.server.transport.Harness.eventually;
import static chat.server.transport.Harness.freePort;
import static chat.server.transport.Harness.local;
import static org.assertj.core.api.Assertions.assertThat;

import chat.server.transport.CertificateAuthority.Issued;
import chat.server.transport.CertificateAuthority.Use;
import io.grpc.Server;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A certificate that is renewed is used without a restart. */
class TlsReloadTest {
  private static final Duration DAY = Duration.ofDays(1);

  @TempDir Path directory;

  @Test
  void aRenewedCertificateIsShownAndOneHalfOfAPairIsNot() throws Exception {
    CertificateAuthority authority = CertificateAuthority.create("authority");
    TlsFiles files =
        new TlsFiles(directory.resolve("cert.pem"), directory.resolve("cert.key"), null);
    Issued first = authority.issue(List.of("localhost"), Use.SERVER, DAY);
    first.write(files.certificate(), files.key());
    int port = freePort();
    try (TlsMaterial tls = TlsMaterial.open(files, Duration.ofMillis(20));
        ClientPort clients = new ClientPort(local(port), tls, new ConnectionBounds("test", 8, 4))) {
      Server server = clients.builder().build().start();
      try {
        assertThat(shownBy(port)).isEqualTo(first.certificate().getSerialNumber());
        Issued second = authority.issue(List.of("localhost"), Use.SERVER, DAY);
        // As somebody does who copies one file after the other, and stops in between.
        Issued half = authority.issue(List.of("localhost"), Use.SERVER, DAY);
        half.write(files.certificate(), directory.resolve("elsewhere.key"));
        long looked = System.nanoTime();
        eventually().until(() -> System.nanoTime() - looked > Duration.ofMillis(200).toNanos());
        assertThat(shownBy(port)).isEqualTo(first.certificate().getSerialNumber());
        second.write(files.certificate(), files.key());
        eventually()
            .untilAsserted(
                () -> assertThat(shownBy(port)).isEqualTo(second.certificate().getSerialNumber()));
      } finally {
        server.shutdownNow();
      }
    }
  }

  /** The serial number of the certificate that a new connection is shown. */
  private static BigInteger shownBy(int port) throws Exception {
    SSLContext anything = SSLContext.getInstance("TLS");
    anything.init(null, new TrustManager[] {new Gullible()}, null);
    try (Socket plain = new Socket(InetAddress.getLoopbackAddress(), port);
        SSLSocket socket =
            (SSLSocket) anything.getSocketFactory().createSocket(plain, "localhost", port, true)) {
      socket.setSoTimeout(10_000);
      socket.startHandshake();
      return ((X509Certificate) socket.getSession().getPeerCertificates()[0]).getSerialNumber();
    }
  }

  private static final class Gullible implements X509TrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
