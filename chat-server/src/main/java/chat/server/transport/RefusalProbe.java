package chat.server.transport;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks whether a life socket refuses connections, which proves the crash of its process (R7).
 * Thread-safe; {@link #probe} never blocks.
 *
 * <p>Only {@code ECONNREFUSED}, every time, is a refusal. Java throws the same {@code
 * ConnectException} for a time-out of the kernel and for an unreachable network, with nothing but
 * the operating system's text to tell them apart, in the user's language. So the text for a refusal
 * is learned first, from a port of this machine that is bound and does not listen. If that cannot
 * be done, nothing is ever taken for a proof.
 */
public final class RefusalProbe implements AutoCloseable {
  /** What a probe found out. */
  public enum Outcome {
    /** Every connection was refused with exactly {@code ECONNREFUSED}. */
    REFUSED,
    /** Anything else: an answer, a time-out, a reset, an unreachable host or network. */
    NO_PROOF
  }

  /**
   * How a probe goes on.
   *
   * @param connects how many connections must be refused, at least 1
   * @param pause between one refusal and the next connection
   * @param connectTimeout after which a connection is no refusal
   */
  public record Settings(int connects, Duration pause, Duration connectTimeout) {
    /**
     * Three, 25 ms apart, of at most 150 ms: a dead process is proven in 50 ms, which is how long
     * the others have to say that they hear it.
     */
    public static final Settings DEFAULT =
        new Settings(3, Duration.ofMillis(25), Duration.ofMillis(150));

    public Settings {
      if (connects < 1 || pause.isNegative() || connectTimeout.toMillis() < 1) {
        throw new IllegalArgumentException(
            connects + " connects, pause " + pause + ", time-out " + connectTimeout);
      }
    }
  }

  private static final Logger logger = LoggerFactory.getLogger(RefusalProbe.class);
  // As many as there may be peers to ask at once; each connect blocks its thread for a moment.
  private static final int THREADS_MAX = 6;

  private final Settings settings;
  private final String refusalText;
  private final ScheduledThreadPoolExecutor executor;

  /**
   * Learns what a refusal looks like here.
   *
   * @throws IOException if that fails: a loopback interface is needed
   */
  public RefusalProbe(Settings settings) throws IOException {
    this.settings = settings;
    this.refusalText = learnRefusalText();
    AtomicInteger count = new AtomicInteger();
    this.executor =
        new ScheduledThreadPoolExecutor(
            THREADS_MAX,
            work -> {
              Thread thread = new Thread(work, "refusal-probe-" + count.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            });
    executor.setKeepAliveTime(10, TimeUnit.SECONDS);
    executor.allowCoreThreadTimeOut(true);
  }

  /**
   * Connects again and again until a connection is not refused, or all were.
   *
   * @param address the life socket's; where it is a name that is not resolved yet, it is resolved
   *     anew on the probe's own thread, and one that cannot be resolved is no proof
   * @return completes on the probe's thread, never exceptionally: with NO_PROOF, too, when the
   *     probe is closed
   */
  public CompletableFuture<Outcome> probe(InetSocketAddress address) {
    CompletableFuture<Outcome> outcome = new CompletableFuture<>();
    schedule(address, 1, Duration.ZERO, outcome);
    return outcome;
  }

  private void schedule(
      InetSocketAddress address, int number, Duration delay, CompletableFuture<Outcome> outcome) {
    try {
      // Its future says nothing: `run` completes the outcome in every case.
      var unused =
          executor.schedule(
              () -> run(address, number, outcome), delay.toNanos(), TimeUnit.NANOSECONDS);
    } catch (RejectedExecutionException e) {
      logger.debug("probe of {}: closed", address, e);
      outcome.complete(Outcome.NO_PROOF);
    }
  }

  private void run(InetSocketAddress address, int number, CompletableFuture<Outcome> outcome) {
    boolean refused;
    try (SocketChannel channel = SocketChannel.open()) {
      refused = isRefused(channel, address);
    } catch (IOException | RuntimeException e) {
      logger.debug("probe of {}: no proof", address, e);
      refused = false;
    }
    if (!refused) {
      outcome.complete(Outcome.NO_PROOF);
    } else if (number == settings.connects()) {
      outcome.complete(Outcome.REFUSED);
    } else {
      schedule(address, number + 1, settings.pause(), outcome);
    }
  }

  /** One connection; whether it was refused. */
  boolean isRefused(SocketChannel channel, InetSocketAddress address) throws IOException {
    InetSocketAddress target =
        address.isUnresolved()
            ? new InetSocketAddress(address.getHostString(), address.getPort())
            : address;
    try {
      channel.socket().connect(target, (int) settings.connectTimeout().toMillis());
    } catch (ConnectException e) {
      boolean refused = refusalText.equals(e.getMessage());
      logger.debug("probe of {}: {} ({})", target, refused ? "refused" : "no proof", e.toString());
      return refused;
    }
    // A connection to itself comes about where nobody listens and the kernel happens to draw the
    // port asked for as the port to ask from. It is no answer, and no refusal either.
    boolean isSelf = channel.getLocalAddress().equals(channel.getRemoteAddress());
    logger.debug("probe of {}: {}", target, isSelf ? "connected to itself" : "answered");
    return false;
  }

  /** Stops asking; probes under way complete with what they have, which is no proof. */
  @Override
  public void close() {
    executor.shutdown();
  }

  private static String learnRefusalText() throws IOException {
    try (SocketChannel bound = SocketChannel.open();
        SocketChannel asking = SocketChannel.open()) {
      bound.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      // The other's port is held, so it cannot be drawn for this one: no connection to itself.
      asking.socket().connect(bound.getLocalAddress(), 1000);
    } catch (ConnectException e) {
      return String.valueOf(e.getMessage());
    }
    throw new IOException("a loopback port that nobody listens on accepts connections");
  }
}
