package chat.server.transport;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/** A process that binds a life socket, prints its port, and lives until it is killed. */
public final class LifeSocketProcess {
  private LifeSocketProcess() {}

  public static void main(String[] args) throws IOException {
    LifeSocket socket = LifeSocket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    System.out.println(socket.address().getPort());
    // Until the pipe from the test breaks, so that no process outlives a test that was killed.
    while (System.in.read() >= 0) {
      System.gc();
    }
  }
}
