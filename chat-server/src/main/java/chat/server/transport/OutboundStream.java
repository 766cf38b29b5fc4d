package chat.server.transport;

import chat.replication.v1.ReplicateRequest;
import chat.replication.v1.ReplicateResponse;
import chat.replication.v1.ReplicationServiceGrpc;
import chat.server.replication.Envelope;
import chat.server.replication.Message;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ClientResponseObserver;
import org.jspecify.annotations.Nullable;

/**
 * The asking end of one Replicate stream: append requests go out, durable positions come back. Also
 * the sign that a connection stands. {@link #send} and {@link #cancel} may be called by any thread.
 */
final class OutboundStream implements ClientResponseObserver<ReplicateRequest, ReplicateResponse> {
  /** Beyond this the peer is too slow, and what is sent to it is lost: the core sends it again. */
  static final int QUEUED_BYTES_MAX = 16 << 20;

  /** Gets what happens to a stream, on network threads, in order. */
  interface Listener {
    /** The connection stands: may be called several times. */
    void ready(OutboundStream stream);

    void arrived(ReplicateResponse wire);

    /** Nothing comes after this. */
    void ended(OutboundStream stream, Status status);
  }

  private final ManagedChannel channel;
  private final Listener listener;
  private @Nullable ClientCallStreamObserver<ReplicateRequest> requests;
  private boolean cancelled;

  private OutboundStream(ManagedChannel channel, Listener listener) {
    this.channel = channel;
    this.listener = listener;
  }

  /** Opens a stream that waits for the connection if there is none yet. */
  static OutboundStream open(ManagedChannel channel, Listener listener) {
    OutboundStream stream = new OutboundStream(channel, listener);
    CallOptions options =
        CallOptions.DEFAULT.withWaitForReady().withOnReadyThreshold(QUEUED_BYTES_MAX);
    ClientCalls.asyncBidiStreamingCall(
        channel.newCall(ReplicationServiceGrpc.getReplicateMethod(), options), stream);
    return stream;
  }

  ManagedChannel channel() {
    return channel;
  }

  @Override
  public void beforeStart(ClientCallStreamObserver<ReplicateRequest> requestStream) {
    synchronized (this) {
      requests = requestStream;
    }
    requestStream.setOnReadyHandler(() -> listener.ready(this));
  }

  /** Sends entries, or loses them if too much is queued or the stream is gone. Never blocks. */
  synchronized void send(Envelope envelope, Message.AppendRequest message) {
    ClientCallStreamObserver<ReplicateRequest> to = requests;
    if (to != null && !cancelled && to.isReady()) {
      to.onNext(WireRequests.encode(envelope, message));
    }
  }

  /** Ends the stream from this side. */
  synchronized void cancel(String why) {
    ClientCallStreamObserver<ReplicateRequest> to = requests;
    if (to != null && !cancelled) {
      cancelled = true;
      to.cancel(why, null);
    }
  }

  @Override
  public void onNext(ReplicateResponse wire) {
    listener.arrived(wire);
  }

  @Override
  public void onError(Throwable cause) {
    listener.ended(this, Status.fromThrowable(cause));
  }

  @Override
  public void onCompleted() {
    listener.ended(this, Status.OK);
  }
}
