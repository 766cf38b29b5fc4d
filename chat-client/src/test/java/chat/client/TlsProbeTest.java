package chat.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class TlsProbeTest {
  @Test
  void whoeverAnswersOneByteAfterTheOtherIsNotListenedToForLong() throws Exception {
    CountDownLatch over = new CountDownLatch(1);
    try (ServerSocket listening = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Thread server = new Thread(() -> trickle(listening, over));
      server.start();
      InetSocketAddress address =
          new InetSocketAddress(InetAddress.getLoopbackAddress(), listening.getLocalPort());
      assertThat(TlsProbe.speaksTls(address)).isFalse();
      over.countDown();
      server.join();
    }
  }

  /** The head of a handshake's record of 16 KiB, and then the rest of it in the course of hours. */
  private static void trickle(ServerSocket listening, CountDownLatch over) {
    try (Socket connection = listening.accept()) {
      OutputStream answers = connection.getOutputStream();
      answers.write(new byte[] {22, 3, 3, 64, 0, 2, 0, 63, (byte) 252, 3, 3});
      while (!over.await(300, TimeUnit.MILLISECONDS)) {
        answers.write(1);
      }
    } catch (IOException e) {
      // The other has had enough.
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
