package chat.server.transport;

import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * The socket whose refusal proves that this process is dead (R7). Bound before the disk is read;
 * only the end of the process closes it.
 *
 * <p>Nobody ever accepts. The kernel completes connections until its short queue is full and then
 * drops those that come, so that they time out: neither is a refusal, so the proof cannot be false,
 * and a process that is stopped, swapped out or collecting garbage answers as one that runs. An
 * accepting thread would add a thing that can fail and prove nothing more.
 */
public final class LifeSocket {
  // The kernel's memory for connections that nobody accepts; beyond it they time out.
  private static final int BACKLOG = 16;

  // A ServerSocket that nothing refers to is closed by the garbage collector. These must not be,
  // whatever becomes of the object that opened them.
  private static final Queue<ServerSocket> HELD_TO_PROCESS_EXIT = new ConcurrentLinkedQueue<>();

  private final InetSocketAddress address;

  private LifeSocket(InetSocketAddress address) {
    this.address = address;
  }

  /**
   * Binds the life socket of this process.
   *
   * @param address where; port 0 takes any free one
   * @throws BindException if the port is taken or the address is not this machine's; its message is
   *     a sentence that says so
   * @throws IOException if the socket cannot be made
   */
  public static LifeSocket bind(InetSocketAddress address) throws IOException {
    return bind(address, BACKLOG);
  }

  static LifeSocket bind(InetSocketAddress address, int backlog) throws IOException {
    // Not closed here or anywhere, on purpose, once it is bound.
    ServerSocket socket = new ServerSocket();
    try {
      socket.bind(address, backlog);
    } catch (IOException e) {
      socket.close();
      BindException sentence =
          new BindException(
              "The life socket cannot listen on "
                  + address.getHostString()
                  + ":"
                  + address.getPort()
                  + ": "
                  + e.getMessage()
                  + ".");
      sentence.initCause(e);
      throw sentence;
    }
    HELD_TO_PROCESS_EXIT.add(socket);
    return new LifeSocket((InetSocketAddress) socket.getLocalSocketAddress());
  }

  /** Where it is bound. */
  public InetSocketAddress address() {
    return address;
  }
}
