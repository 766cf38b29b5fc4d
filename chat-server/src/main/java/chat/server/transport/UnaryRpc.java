package chat.server.transport;

import chat.replication.v1.ReplicationServiceGrpc;
import chat.server.replication.Envelope;
import chat.server.replication.Message;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.MethodDescriptor;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * How one kind of request travels: by which method, for how long, and how it and its answer are
 * written. Immutable.
 *
 * @param deadline after which an answer is no longer waited for
 */
record UnaryRpc<M extends Message.Request, Q, A>(
    Class<M> type,
    MethodDescriptor<Q, A> method,
    Duration deadline,
    BiFunction<Envelope, M, Q> encoder,
    AnswerDecoder<A> decoder) {
  private static final Duration HEARTBEAT_DEADLINE = Duration.ofSeconds(1);
  private static final Duration DEADLINE = Duration.ofSeconds(2);

  private static final Map<Class<? extends Message.Request>, UnaryRpc<?, ?, ?>> ALL =
      Map.of(
          Message.Heartbeat.class,
          new UnaryRpc<>(
              Message.Heartbeat.class,
              ReplicationServiceGrpc.getHeartbeatMethod(),
              HEARTBEAT_DEADLINE,
              WireRequests::encode,
              WireAnswers::decode),
          Message.PromiseRequest.class,
          new UnaryRpc<>(
              Message.PromiseRequest.class,
              ReplicationServiceGrpc.getPromiseMethod(),
              DEADLINE,
              WireRequests::encode,
              WireAnswers::decode),
          Message.AcceptRequest.class,
          new UnaryRpc<>(
              Message.AcceptRequest.class,
              ReplicationServiceGrpc.getAcceptMethod(),
              DEADLINE,
              WireRequests::encode,
              WireAnswers::decode),
          Message.InstallRequest.class,
          new UnaryRpc<>(
              Message.InstallRequest.class,
              ReplicationServiceGrpc.getInstallViewMethod(),
              DEADLINE,
              WireRequests::encode,
              WireAnswers::decode),
          Message.FetchRequest.class,
          new UnaryRpc<>(
              Message.FetchRequest.class,
              ReplicationServiceGrpc.getFetchEntriesMethod(),
              DEADLINE,
              WireRequests::encode,
              WireAnswers::decode),
          Message.StillHeardRequest.class,
          new UnaryRpc<>(
              Message.StillHeardRequest.class,
              ReplicationServiceGrpc.getStillHeardMethod(),
              DEADLINE,
              WireRequests::encode,
              WireAnswers::decode),
          Message.JoinRequest.class,
          new UnaryRpc<>(
              Message.JoinRequest.class,
              ReplicationServiceGrpc.getJoinMethod(),
              DEADLINE,
              WireRequests::encode,
              acknowledgement -> null),
          Message.Goodbye.class,
          new UnaryRpc<>(
              Message.Goodbye.class,
              ReplicationServiceGrpc.getGoodbyeMethod(),
              DEADLINE,
              WireRequests::encode,
              acknowledgement -> null));

  /** Reads an answer off the wire; null if the RPC has none. */
  interface AnswerDecoder<A> {
    @Nullable Envelope decode(A wire) throws RefusedMessageException;
  }

  /** Gets what comes of a call, exactly one of the two, on a network thread. */
  interface Outcome {
    /** The other server answered, with a message or with an empty acknowledgement (null). */
    void answered(@Nullable Envelope answer);

    /** No answer came, or none that can be used. */
    void failed(Throwable cause);
  }

  /** How this message travels. */
  static UnaryRpc<?, ?, ?> of(Message.Request message) {
    UnaryRpc<?, ?, ?> rpc = ALL.get(message.getClass());
    if (rpc == null) {
      throw new IllegalArgumentException("not sent by a call of its own: " + message);
    }
    return rpc;
  }

  /** Sends the request of {@code envelope}; never blocks. */
  void call(Channel channel, Envelope envelope, Outcome outcome) {
    Q wire = encoder.apply(envelope, type.cast(envelope.message()));
    CallOptions options =
        CallOptions.DEFAULT.withDeadlineAfter(deadline.toNanos(), TimeUnit.NANOSECONDS);
    ClientCalls.asyncUnaryCall(
        channel.newCall(method, options), wire, new Response<>(decoder, outcome));
  }

  private static final class Response<A> implements StreamObserver<A> {
    private final AnswerDecoder<A> decoder;
    private final Outcome outcome;
    private boolean decided;

    Response(AnswerDecoder<A> decoder, Outcome outcome) {
      this.decoder = decoder;
      this.outcome = outcome;
    }

    @Override
    public void onNext(A wire) {
      decided = true;
      Envelope answer;
      try {
        answer = decoder.decode(wire);
      } catch (RefusedMessageException e) {
        outcome.failed(e);
        return;
      }
      outcome.answered(answer);
    }

    @Override
    public void onError(Throwable cause) {
      // An answer that was handed over stays so, whatever becomes of the call.
      if (!decided) {
        decided = true;
        outcome.failed(cause);
      }
    }

    @Override
    public void onCompleted() {
      // gRPC itself sees to it that a unary call completes with a response or fails.
    }
  }
}
