package chat.server.transport;

import java.io.Closeable;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Stands between two servers; can reset their connections, or swallow all that they say. */
final class TcpRelay implements Closeable {
  private final ServerSocket listener;
  private final InetSocketAddress target;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private volatile boolean swallowing;

  TcpRelay(int port, InetSocketAddress target) throws IOException {
    this.listener = new ServerSocket(port, 50, InetAddress.getLoopbackAddress());
    this.target = target;
    threads.execute(this::accept);
  }

  /** Ends every connection as the death of a process does: with a reset. */
  void resetAll() throws IOException {
    for (Socket socket : sockets) {
      if (!socket.isClosed()) {
        socket.setSoLinger(true, 0);
        socket.close();
      }
    }
    sockets.clear();
  }

  /** From now on, what arrives over connections that stand goes nowhere, and they stay open. */
  void swallow() {
    swallowing = true;
  }

  /** Connections made from now on work; those that were swallowed stay dead. */
  void heal() {
    swallowing = false;
  }

  private void accept() {
    try {
      while (true) {
        Socket from = listener.accept();
        Socket to = new Socket(target.getAddress(), target.getPort());
        sockets.add(from);
        sockets.add(to);
        threads.execute(() -> copy(from, to));
        threads.execute(() -> copy(to, from));
      }
    } catch (IOException e) {
      // The listener was closed, or its target is gone: no more connections.
      threads.shutdown();
    }
  }

  private void copy(Socket from, Socket to) {
    byte[] buffer = new byte[64 << 10];
    boolean dead = swallowing;
    try (from;
        to) {
      for (int n = from.getInputStream().read(buffer);
          n >= 0;
          n = from.getInputStream().read(buffer)) {
        dead |= swallowing;
        if (!dead) {
          to.getOutputStream().write(buffer, 0, n);
        }
      }
    } catch (IOException e) {
      // One end broke: so does the other.
      sockets.remove(from);
    }
  }

  @Override
  public void close() throws IOException {
    listener.close();
    resetAll();
    threads.shutdownNow();
  }
}
