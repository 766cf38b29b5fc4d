package chat.server.transport;

import chat.replication.v1.ReplicateRequest;
import chat.replication.v1.ReplicateResponse;
import chat.server.replication.Envelope;
import chat.server.replication.Incarnation;
import chat.server.replication.Message;
import chat.server.replication.ServerId;
import chat.server.runtime.PeerNetwork;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import org.jspecify.annotations.Nullable;

/**
 * The serving end of one Replicate stream: append requests come in, durable positions go back.
 * Requests come one at a time, on a network thread; {@link #send} may be called by any thread.
 */
final class InboundStream implements StreamObserver<ReplicateRequest> {
  /** A peer that does not read its answers loses them beyond this: the next one covers them. */
  private static final int QUEUED_BYTES_MAX = 1 << 20;

  private final PeerGate gate;
  private final PeerNetwork.Receiver receiver;
  private final RefusalLog refusals;
  private final InboundStreams streams;
  private final ServerCallStreamObserver<ReplicateResponse> responses;
  private volatile @Nullable Sender sender;
  private boolean ended;

  private record Sender(ServerId id, Incarnation incarnation) {
    boolean is(Sender other) {
      return id.equals(other.id) && incarnation.equals(other.incarnation);
    }
  }

  /**
   * Has its place among {@code streams} until it ends.
   *
   * @param responses of a call that has just begun
   */
  InboundStream(
      PeerGate gate,
      PeerNetwork.Receiver receiver,
      RefusalLog refusals,
      InboundStreams streams,
      ServerCallStreamObserver<ReplicateResponse> responses) {
    this.gate = gate;
    this.receiver = receiver;
    this.refusals = refusals;
    this.streams = streams;
    this.responses = responses;
    responses.setOnReadyThreshold(QUEUED_BYTES_MAX);
    // With a handler set, answering a call that was cancelled meanwhile is harmless.
    responses.setOnCancelHandler(() -> end(null));
  }

  @Override
  public void onNext(ReplicateRequest wire) {
    Envelope envelope;
    try {
      envelope = gate.admit(WireRequests.decode(wire));
      sentBy(new Sender(envelope.from(), envelope.header().incarnation()));
    } catch (RefusedMessageException e) {
      refusals.say("refused entries: " + e.getMessage());
      end(e.status());
      return;
    }
    receiver.received(envelope);
  }

  private void sentBy(Sender now) throws RefusedMessageException {
    Sender before = sender;
    if (before == null) {
      sender = now;
    } else if (!before.is(now)) {
      throw RefusedMessageException.malformed(
          "a stream belongs to one sender: first " + before + ", then " + now);
    }
    streams.used(now.id, this);
  }

  @Override
  public void onError(Throwable cancelled) {
    end(null);
  }

  @Override
  public void onCompleted() {
    end(Status.OK);
  }

  /** Sends a durable position back, or loses it. Never blocks. */
  synchronized void send(Envelope envelope, Message.Appended message) {
    Sender to = sender;
    if (!ended
        && to != null
        && to.incarnation.equals(envelope.toIncarnation())
        && responses.isReady()) {
      responses.onNext(WireAnswers.replicate(envelope, message));
    }
  }

  /** Ends the stream; {@code null}: the other side has ended it. */
  void end(@Nullable Status status) {
    Sender from = sender;
    streams.ended(from == null ? null : from.id, this);
    synchronized (this) {
      if (ended) {
        return;
      }
      ended = true;
      if (status != null && status.isOk()) {
        responses.onCompleted();
      } else if (status != null) {
        responses.onError(status.asException());
      }
    }
  }
}
