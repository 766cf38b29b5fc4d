package chat.client;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

/**
 * Finds out whether a server wants TLS, for a client that did not offer it: such a server only ends
 * the connection, as one does that is dying. Nothing is told to whoever answers, so it does not
 * matter who that is. Stateless.
 */
final class TlsProbe {
  private static final int PATIENCE_MILLIS = 1_000;

  private static final TrustManager ANYBODY =
      new X509TrustManager() {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
          return new X509Certificate[0];
        }
      };

  private TlsProbe() {}

  /** Whether a handshake succeeds there; may wait two seconds. */
  static boolean speaksTls(InetSocketAddress server) {
    try (Socket connection = new Socket()) {
      connection.connect(server, PATIENCE_MILLIS);
      // Not a socket's own timeout: whoever answers may do so one byte after the other.
      CompletableFuture.delayedExecutor(PATIENCE_MILLIS, TimeUnit.MILLISECONDS, Runnable::run)
          .execute(() -> close(connection));
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, new TrustManager[] {ANYBODY}, null);
      try (SSLSocket secured =
          (SSLSocket)
              context
                  .getSocketFactory()
                  .createSocket(connection, server.getHostString(), server.getPort(), true)) {
        secured.startHandshake();
        return true;
      }
    } catch (IOException | GeneralSecurityException e) {
      // Whatever it is, it is no proof.
      return false;
    }
  }

  private static void close(Socket connection) {
    try {
      connection.close();
    } catch (IOException e) {
      // Then it is closed all the same.
    }
  }
}
