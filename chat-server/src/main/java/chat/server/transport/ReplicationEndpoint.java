package chat.server.transport;

import chat.replication.v1.AcceptRequest;
import chat.replication.v1.AcceptResponse;
import chat.replication.v1.FetchEntriesRequest;
import chat.replication.v1.FetchEntriesResponse;
import chat.replication.v1.FetchSnapshotRequest;
import chat.replication.v1.FetchSnapshotResponse;
import chat.replication.v1.GoodbyeRequest;
import chat.replication.v1.GoodbyeResponse;
import chat.replication.v1.HeartbeatRequest;
import chat.replication.v1.HeartbeatResponse;
import chat.replication.v1.InstallViewRequest;
import chat.replication.v1.InstallViewResponse;
import chat.replication.v1.JoinRequest;
import chat.replication.v1.JoinResponse;
import chat.replication.v1.PromiseRequest;
import chat.replication.v1.PromiseResponse;
import chat.replication.v1.ReplicateRequest;
import chat.replication.v1.ReplicateResponse;
import chat.replication.v1.ReplicationServiceGrpc;
import chat.replication.v1.StillHeardRequest;
import chat.replication.v1.StillHeardResponse;
import chat.server.replication.Envelope;
import chat.server.replication.Message;
import chat.server.replication.ServerId;
import chat.server.runtime.PeerNetwork;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;

/**
 * What other servers call. Requests are checked and handed over; their callers wait here until the
 * core answers, or until they give up. Thread-safe; nothing here waits.
 */
final class ReplicationEndpoint extends ReplicationServiceGrpc.ReplicationServiceImplBase {
  private static final int PENDING_MAX = 1024;

  private final PeerGate gate;
  private final PeerNetwork.Receiver receiver;
  private final SnapshotSource snapshots;
  private final PeerClocks clocks;
  private final RefusalLog refusals;
  private final PendingCalls pending = new PendingCalls(PENDING_MAX);
  private final ReentrantLock snapshotTurns = new ReentrantLock(true);
  private final InboundStreams streams = new InboundStreams();

  ReplicationEndpoint(
      PeerGate gate,
      PeerNetwork.Receiver receiver,
      SnapshotSource snapshots,
      PeerClocks clocks,
      RefusalLog refusals) {
    this.gate = gate;
    this.receiver = receiver;
    this.snapshots = snapshots;
    this.clocks = clocks;
    this.refusals = refusals;
  }

  /** The full names of the methods that never wait: all but the one that sends a file. */
  static Set<String> quickMethods() {
    Set<String> names = new HashSet<>();
    ReplicationServiceGrpc.getServiceDescriptor()
        .getMethods()
        .forEach(method -> names.add(method.getFullMethodName()));
    names.remove(ReplicationServiceGrpc.getFetchSnapshotMethod().getFullMethodName());
    return names;
  }

  /** Reads a request off the wire. */
  private interface Decoder<Q> {
    Envelope decode(Q wire) throws RefusedMessageException;
  }

  /** Gives the answer to whoever asked, if it still waits. Never blocks. */
  void answer(Envelope envelope) {
    if (envelope.message() instanceof Message.Appended appended) {
      InboundStream stream = streams.latestOf(envelope.to());
      if (stream != null) {
        stream.send(envelope, appended);
      }
      return;
    }
    PendingCalls.Caller<?> caller =
        pending.take(
            new PendingCalls.Key(envelope.to(), envelope.toIncarnation(), envelope.call()));
    if (caller == null) {
      return;
    }
    try {
      caller.answer(envelope);
    } catch (IllegalArgumentException e) {
      // Somebody used the call of another question: it must not take this thread down.
      refusals.say("call " + envelope.call() + " of server " + envelope.to() + ": " + e);
      caller.refuse(Status.ABORTED.withDescription("the call was used twice"));
    }
  }

  /** How many callers wait. */
  int waiting() {
    return pending.size();
  }

  /** Ends every stream and sends every caller away. */
  void close() {
    pending.close();
    streams.close();
  }

  @Override
  public StreamObserver<ReplicateRequest> replicate(StreamObserver<ReplicateResponse> responses) {
    InboundStream stream =
        new InboundStream(
            gate,
            receiver,
            refusals,
            streams,
            (ServerCallStreamObserver<ReplicateResponse>) responses);
    streams.opened(stream);
    return stream;
  }

  @Override
  public void heartbeat(HeartbeatRequest wire, StreamObserver<HeartbeatResponse> responses) {
    if (ask(wire, WireRequests::decode, responses, WireAnswers::heartbeat)) {
      ServerId from = new ServerId(wire.getHeader().getFromId());
      clocks.heard(from, wire.getWallClockMillis(), System.nanoTime());
    }
  }

  @Override
  public void promise(PromiseRequest wire, StreamObserver<PromiseResponse> responses) {
    ask(wire, WireRequests::decode, responses, WireAnswers::promise);
  }

  @Override
  public void accept(AcceptRequest wire, StreamObserver<AcceptResponse> responses) {
    ask(wire, WireRequests::decode, responses, WireAnswers::accept);
  }

  @Override
  public void installView(InstallViewRequest wire, StreamObserver<InstallViewResponse> responses) {
    ask(wire, WireRequests::decode, responses, WireAnswers::installView);
  }

  @Override
  public void stillHeard(StillHeardRequest wire, StreamObserver<StillHeardResponse> responses) {
    ask(wire, WireRequests::decode, responses, WireAnswers::stillHeard);
  }

  @Override
  public void fetchEntries(
      FetchEntriesRequest wire, StreamObserver<FetchEntriesResponse> responses) {
    ask(wire, WireRequests::decode, responses, WireAnswers::fetchEntries);
  }

  @Override
  public void fetchSnapshot(
      FetchSnapshotRequest wire, StreamObserver<FetchSnapshotResponse> responses) {
    try {
      WireSnapshots.requireWanted(gate, wire, snapshots.cluster());
    } catch (RefusedMessageException e) {
      refuse(responses, e);
      return;
    }
    WireSnapshots.send(
        snapshots, snapshotTurns, (ServerCallStreamObserver<FetchSnapshotResponse>) responses);
  }

  @Override
  public void join(JoinRequest wire, StreamObserver<JoinResponse> responses) {
    tell(wire, WireRequests::decode, responses, JoinResponse.getDefaultInstance());
  }

  @Override
  public void goodbye(GoodbyeRequest wire, StreamObserver<GoodbyeResponse> responses) {
    tell(wire, WireRequests::decode, responses, GoodbyeResponse.getDefaultInstance());
  }

  /** Hands over a request that may be answered; whether it was admitted. */
  private <Q, A> boolean ask(
      Q wire, Decoder<Q> decoder, StreamObserver<A> responses, Function<Envelope, A> encoder) {
    Envelope envelope;
    try {
      envelope = gate.admit(decoder.decode(wire));
    } catch (RefusedMessageException e) {
      refuse(responses, e);
      return false;
    }
    ServerCallStreamObserver<A> observer = (ServerCallStreamObserver<A>) responses;
    PendingCalls.Key key =
        new PendingCalls.Key(envelope.from(), envelope.header().incarnation(), envelope.call());
    PendingCalls.Caller<A> caller = new PendingCalls.Caller<>(observer, encoder);
    // Also called when the caller's deadline has passed.
    observer.setOnCancelHandler(() -> pending.forget(key, caller));
    // First: the answer may come before received() returns.
    pending.add(key, caller);
    receiver.received(envelope);
    return true;
  }

  /** Hands over a request that has no answer. */
  private <Q, A> void tell(
      Q wire, Decoder<Q> decoder, StreamObserver<A> responses, A acknowledgement) {
    Envelope envelope;
    try {
      envelope = gate.admit(decoder.decode(wire));
    } catch (RefusedMessageException e) {
      refuse(responses, e);
      return;
    }
    // With a handler set, acknowledging a call that was cancelled meanwhile is harmless.
    ((ServerCallStreamObserver<A>) responses).setOnCancelHandler(() -> {});
    receiver.received(envelope);
    responses.onNext(acknowledgement);
    responses.onCompleted();
  }

  private void refuse(StreamObserver<?> responses, RefusedMessageException e) {
    refusals.say("refused a request: " + e.getMessage());
    responses.onError(e.status().asException());
  }
}
