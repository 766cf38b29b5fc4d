package chat.server;

import chat.server.transport.LifeSocket;
import java.io.IOException;
import java.util.concurrent.CountDownLatch;

/** One running server. */
public final class ChatServer implements AutoCloseable {
  private final CountDownLatch stopped = new CountDownLatch(1);

  private ChatServer() {}

  /**
   * Starts a server.
   *
   * @throws java.net.BindException if a port is taken
   */
  public static ChatServer start(ServerConfig config, DataDirectory directory) throws IOException {
    // Before the disk is read (R7).
    LifeSocket.bind(config.address().life().resolved());
    return new ChatServer();
  }

  /** Waits until it has stopped, by itself or by {@link #close}; the process's exit code. */
  public int awaitStop() throws InterruptedException {
    stopped.await();
    return 0;
  }

  /** Stops it in order. Closing again does nothing. */
  @Override
  public void close() {
    stopped.countDown();
  }
}
