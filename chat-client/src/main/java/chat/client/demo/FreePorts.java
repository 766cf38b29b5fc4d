package chat.client.demo;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;

/** Finds ports that nobody uses, away from the cluster's usual ones. */
final class FreePorts {
  /** From here to below 32768, where the kernel begins to draw ports for outgoing connections. */
  private static final int FIRST = 20_000;

  private static final int LAST = 32_000;
  private static final int TRIES_MAX = 200;

  private FreePorts() {}

  /**
   * The first of {@code count} neighbouring ports that were free just now on the loopback address.
   * A random place keeps two callers on one machine apart.
   */
  static int block(int count) {
    for (int tried = 0; tried < TRIES_MAX; tried++) {
      int first = ThreadLocalRandom.current().nextInt(FIRST, LAST - count);
      if (areFree(first, count)) {
        return first;
      }
    }
    throw new IllegalStateException(
        "No " + count + " free ports side by side between " + FIRST + " and " + LAST + ".");
  }

  /** Each port is held until all those after it have been tried. */
  private static boolean areFree(int first, int count) {
    if (count == 0) {
      return true;
    }
    try (ServerSocket socket = new ServerSocket()) {
      socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), first));
      return areFree(first + 1, count - 1);
    } catch (IOException e) {
      // Somebody's: the next block.
      return false;
    }
  }
}
