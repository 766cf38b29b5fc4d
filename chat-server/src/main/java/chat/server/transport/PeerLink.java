package chat.server.transport;

import chat.replication.v1.ReplicateResponse;
import chat.server.replication.Envelope;
import chat.server.replication.Message;
import chat.server.replication.ServerId;
import chat.server.runtime.PeerNetwork;
import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.netty.shaded.io.netty.util.concurrent.EventExecutor;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way to one peer, opened at once and opened again whenever it breaks.
 *
 * <p>{@link #send} may be called by any thread; everything else happens on {@code loop}. A link is
 * <em>connected</em> while its Replicate stream stands; what is sent at other times is lost. A
 * break ends that stream at once, even when nothing is being sent, and is told to the receiver
 * before any attempt to mend it.
 *
 * <p>gRPC's own back-off grows to two minutes and cannot be set, so it is reset at every beat while
 * there is no connection. A connection that is neither made nor refused, or over which nothing has
 * come back for some time, is given up for a fresh one: after a long silence TCP itself would wait
 * for many seconds before it tries again.
 */
final class PeerLink implements OutboundStream.Listener {
  private static final Logger LOG = LoggerFactory.getLogger(PeerLink.class);

  /** Between two attempts, and between two reports that an attempt failed. */
  static final long BEAT_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  /** How long a channel may take to connect, or a connection be silent, before it is replaced. */
  static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(3);

  /** Below the number of calls that a server lets one connection have open. */
  static final int UNANSWERED_MAX = GrpcPeerNetwork.CALLS_PER_CONNECTION_MAX - 8;

  private final ServerId peer;
  private final PeerGate gate;
  private final Supplier<ManagedChannel> channels;
  private final EventExecutor loop;
  private final PeerNetwork.Receiver receiver;
  private final RefusalLog refusals;
  private final AtomicInteger unanswered = new AtomicInteger();

  // Read by senders, written on the loop: the stream while connected.
  private volatile @Nullable OutboundStream connected;
  private volatile long heardNanos;

  // Confined to the loop.
  private @Nullable OutboundStream stream;
  private ManagedChannel channel;
  private long channelNanos;
  private long openedNanos;
  private @Nullable Future<?> nextBeat;
  private boolean closed;

  /**
   * A link that does nothing until {@link #start}.
   *
   * @param channels opens a new channel to the peer at each call
   */
  PeerLink(
      ServerId peer,
      PeerGate gate,
      Supplier<ManagedChannel> channels,
      EventExecutor loop,
      PeerNetwork.Receiver receiver,
      RefusalLog refusals) {
    this.peer = peer;
    this.gate = gate;
    this.channels = channels;
    this.loop = loop;
    this.receiver = receiver;
    this.refusals = refusals;
    this.channel = channels.get();
    this.channelNanos = System.nanoTime();
    this.openedNanos = channelNanos - BEAT_NANOS;
  }

  void start() {
    loop.execute(this::beatSoon);
  }

  /** Sends or loses a request. Never blocks. */
  void send(Envelope envelope, Message.Request message) {
    OutboundStream over = connected;
    if (over == null) {
      return;
    }
    if (message instanceof Message.AppendRequest append) {
      over.send(envelope, append);
    } else if (unanswered.incrementAndGet() > UNANSWERED_MAX) {
      unanswered.decrementAndGet();
    } else {
      UnaryRpc.of(message).call(over.channel(), envelope, new Outcome(envelope.call(), over));
    }
  }

  /** Whether the connection stands. */
  boolean isConnected() {
    return connected != null;
  }

  /** Stops, letting calls that are under way come to their end; returns what to wait for. */
  ManagedChannel close() {
    return loop.submit(this::stop).syncUninterruptibly().getNow();
  }

  private ManagedChannel stop() {
    closed = true;
    connected = null;
    if (nextBeat != null) {
      nextBeat.cancel(false);
    }
    OutboundStream open = stream;
    stream = null;
    if (open != null) {
      open.cancel("this server is stopping");
    }
    return channel.shutdown();
  }

  @Override
  public void ready(OutboundStream ready) {
    loop.execute(() -> connected(ready));
  }

  @Override
  public void arrived(ReplicateResponse wire) {
    try {
      Envelope answer = gate.admitAnswer(peer, WireAnswers.decode(wire));
      heardNanos = System.nanoTime();
      receiver.received(answer);
    } catch (RefusedMessageException e) {
      refusals.say("refused an answer of server " + peer + ": " + e.getMessage());
    }
  }

  @Override
  public void ended(OutboundStream ended, Status status) {
    loop.execute(() -> broken(ended, status));
  }

  private void connected(OutboundStream ready) {
    if (ready == stream && connected == null) {
      heardNanos = System.nanoTime();
      connected = ready;
      LOG.info("connected to server {}", peer);
    }
  }

  private void broken(OutboundStream ended, Status status) {
    if (ended != stream) {
      return;
    }
    stream = null;
    if (connected != null) {
      connected = null;
      receiver.disconnected(peer);
      LOG.info("lost the connection to server {}: {}", peer, words(status));
    } else if (status.getCode() != Status.Code.UNAVAILABLE) {
      refusals.say("no stream to server " + peer + ": " + words(status));
    }
    beatSoon();
  }

  /** Tries at once, but not more often than once a beat. */
  private void beatSoon() {
    if (nextBeat == null && !closed) {
      long wait = Math.max(0, openedNanos + BEAT_NANOS - System.nanoTime());
      beatIn(wait);
    }
  }

  // By way of execute: the loop logs what a task of its own throws, and forgets a timer's.
  private void beatIn(long nanos) {
    nextBeat = loop.schedule(() -> loop.execute(this::beat), nanos, TimeUnit.NANOSECONDS);
  }

  private void beat() {
    if (closed || connected != null) {
      nextBeat = null;
      return;
    }
    // First: whatever goes wrong below, there is a next time.
    beatIn(BEAT_NANOS);
    boolean failed = channel.getState(false) == ConnectivityState.TRANSIENT_FAILURE;
    boolean stuck = System.nanoTime() - channelNanos > PATIENCE_NANOS;
    if (failed || stuck) {
      receiver.disconnected(peer);
    }
    if (stuck) {
      replaceChannel();
    } else if (failed) {
      channel.resetConnectBackoff();
    }
    if (stream == null) {
      openedNanos = System.nanoTime();
      stream = OutboundStream.open(channel, this);
    }
  }

  private void replaceChannel() {
    stream = null;
    channel.shutdownNow();
    channel = channels.get();
    channelNanos = System.nanoTime();
  }

  private void unansweredOver(OutboundStream over) {
    long silentNanos = System.nanoTime() - heardNanos;
    if (over == connected && silentNanos > PATIENCE_NANOS) {
      connected = null;
      receiver.disconnected(peer);
      LOG.info(
          "server {} has been silent for {} ms: connecting anew",
          peer,
          TimeUnit.NANOSECONDS.toMillis(silentNanos));
      replaceChannel();
      beatSoon();
    }
  }

  private static String words(Status status) {
    String description = status.getDescription();
    return status.getCode() + (description == null ? "" : " (" + description + ")");
  }

  /** What comes of one call. */
  private final class Outcome implements UnaryRpc.Outcome {
    private final long call;
    private final OutboundStream over;

    Outcome(long call, OutboundStream over) {
      this.call = call;
      this.over = over;
    }

    @Override
    public void answered(@Nullable Envelope answer) {
      unanswered.decrementAndGet();
      heardNanos = System.nanoTime();
      if (answer == null) {
        return;
      }
      try {
        Envelope admitted = gate.admitAnswer(peer, answer);
        if (admitted.call() != call) {
          throw RefusedMessageException.malformed(
              "call " + admitted.call() + " is answered instead of " + call);
        }
        receiver.received(admitted);
      } catch (RefusedMessageException e) {
        refusals.say("refused an answer of server " + peer + ": " + e.getMessage());
      }
    }

    @Override
    public void failed(Throwable cause) {
      unanswered.decrementAndGet();
      if (cause instanceof RefusedMessageException) {
        refusals.say("refused an answer of server " + peer + ": " + cause.getMessage());
        return;
      }
      Status status = Status.fromThrowable(cause);
      switch (status.getCode()) {
        // The stream tells of a break; a silent peer does not even do that.
        case UNAVAILABLE, CANCELLED -> LOG.debug("call to server {}: {}", peer, words(status));
        case DEADLINE_EXCEEDED -> loop.execute(() -> unansweredOver(over));
        default -> {
          heardNanos = System.nanoTime();
          refusals.say("server " + peer + " refuses: " + words(status));
        }
      }
    }
  }
}
