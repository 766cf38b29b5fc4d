package chat.common;

import com.google.protobuf.InvalidProtocolBufferException;
import io.grpc.ForwardingServerCall;
import io.grpc.KnownLength;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerBuilder;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.SynchronizationContext;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Lets only requests into a service that are messages of their type and not too large; the others
 * are refused in the service's words. gRPC by itself answers what it cannot read with a bare status
 * that blames the server, and logs a stack trace for each: anybody could fill the disk with those.
 */
public final class CheckedRequests {
  /** How a service says what is wrong with a request. Thread-safe. */
  public interface Words {
    /** The status of a request of more bytes than are taken. */
    StatusRuntimeException tooLarge();

    /** The status of a request that is no message of its type. */
    StatusRuntimeException unreadable();
  }

  private final int bytesMax;
  private final int streamedBytesMax;
  private final Words words;

  private CheckedRequests(int bytesMax, int streamedBytesMax, Words words) {
    this.bytesMax = bytesMax;
    this.streamedBytesMax = streamedBytesMax;
    this.words = words;
  }

  /**
   * The same service behind the check. Interceptors of {@code service} see only what has passed.
   *
   * @param bytesMax the largest request; the server's own limit must be above it to matter, see
   *     {@link #addTo}
   */
  public static ServerServiceDefinition of(
      ServerServiceDefinition service, int bytesMax, Words words) {
    return of(service, bytesMax, bytesMax, words);
  }

  /**
   * The same, with another limit where a client sends many requests.
   *
   * @param bytesMax the largest request of the other methods
   * @param streamedBytesMax the largest one where a client sends many, which the service may want
   *     to answer without ending the call
   */
  public static ServerServiceDefinition of(
      ServerServiceDefinition service, int bytesMax, int streamedBytesMax, Words words) {
    CheckedRequests check = new CheckedRequests(bytesMax, streamedBytesMax, words);
    ServiceDescriptor plain = service.getServiceDescriptor();
    ServiceDescriptor.Builder descriptor =
        ServiceDescriptor.newBuilder(plain.getName())
            .setSchemaDescriptor(plain.getSchemaDescriptor());
    List<ServerMethodDefinition<?, ?>> methods = new ArrayList<>();
    for (ServerMethodDefinition<?, ?> method : service.getMethods()) {
      ServerMethodDefinition<?, ?> checked = check.checked(method);
      methods.add(checked);
      descriptor.addMethod(checked.getMethodDescriptor());
    }
    ServerServiceDefinition.Builder checked = ServerServiceDefinition.builder(descriptor.build());
    methods.forEach(checked::addMethod);
    return checked.build();
  }

  /**
   * Takes gRPC's own limit off a server whose services are all checked: a larger request than they
   * read is refused in words while it comes in, and not kept.
   */
  public static void addTo(ServerBuilder<?> server) {
    server.addStreamTracerFactory(RequestSize.FACTORY).maxInboundMessageSize(Integer.MAX_VALUE);
  }

  private <Q, A> ServerMethodDefinition<Request<Q>, A> checked(
      ServerMethodDefinition<Q, A> method) {
    MethodDescriptor<Q, A> plain = method.getMethodDescriptor();
    ServerCallHandler<Q, A> handler = method.getServerCallHandler();
    return ServerMethodDefinition.create(
        plain.toBuilder(new Reading<>(plain), plain.getResponseMarshaller()).build(),
        (call, headers) -> {
          CheckedCall<Q, A> checked = new CheckedCall<>(plain, call);
          RequestSize.bound(checked);
          return new CheckedListener<>(checked, handler.startCall(checked, headers));
        });
  }

  /** What was sent: a message, or why there is none. */
  private record Request<Q>(@Nullable Q message, @Nullable StatusRuntimeException refusal) {}

  private final class Reading<Q> implements MethodDescriptor.Marshaller<Request<Q>> {
    private final MethodDescriptor<Q, ?> plain;
    private final int max;

    Reading(MethodDescriptor<Q, ?> plain) {
      this.plain = plain;
      this.max = plain.getType().clientSendsOneMessage() ? bytesMax : streamedBytesMax;
    }

    @Override
    public InputStream stream(Request<Q> value) {
      throw new UnsupportedOperationException("a server sends no requests");
    }

    @Override
    public Request<Q> parse(InputStream sent) {
      try {
        InputStream bounded = bounded(sent);
        return bounded == null
            ? new Request<>(null, words.tooLarge())
            : new Request<>(plain.parseRequest(bounded), null);
      } catch (IOException e) {
        return new Request<>(null, words.unreadable());
      } catch (StatusRuntimeException e) {
        if (e.getStatus().getCode() == Status.Code.RESOURCE_EXHAUSTED) {
          // Compressed, it was small.
          return new Request<>(null, words.tooLarge());
        }
        if (e.getCause() instanceof InvalidProtocolBufferException) {
          return new Request<>(null, words.unreadable());
        }
        throw e;
      }
    }

    /** The request, or null if it is too large. */
    private @Nullable InputStream bounded(InputStream sent) throws IOException {
      if (sent instanceof KnownLength) {
        return sent.available() > max ? null : sent;
      }
      byte[] bytes = sent.readNBytes((int) Math.min(Integer.MAX_VALUE, max + 1L));
      return bytes.length > max ? null : new ByteArrayInputStream(bytes);
    }
  }

  /**
   * After a refusal the service may go on answering: nobody hears it. A stream's answers come from
   * other threads than its requests, and gRPC wants them one after another; no lock is held while
   * one is given out, because a transport may be asking something of this call under a lock of its
   * own.
   */
  private final class CheckedCall<Q, A>
      extends ForwardingServerCall.SimpleForwardingServerCall<Q, A> implements RequestSize.Bounded {
    private final MethodDescriptor<Q, A> plain;
    private final SynchronizationContext answers =
        new SynchronizationContext(
            (thread, e) -> thread.getUncaughtExceptionHandler().uncaughtException(thread, e));
    private volatile boolean refused;
    // Written within the answers.
    private volatile boolean closed;
    private volatile boolean answered;

    @SuppressWarnings("unchecked") // A call takes requests only in its descriptor's type.
    CheckedCall(MethodDescriptor<Q, A> plain, ServerCall<?, A> call) {
      super((ServerCall<Q, A>) call);
      this.plain = plain;
    }

    @Override
    public MethodDescriptor<Q, A> getMethodDescriptor() {
      return plain;
    }

    boolean isRefused() {
      return refused;
    }

    @Override
    public int readBytesMax() {
      // The same for all: compressed, what is allowed may be a little more.
      return streamedBytesMax;
    }

    @Override
    public boolean refuseTooLarge() {
      if (!refused) {
        refuse(words.tooLarge());
      }
      return closed && !answered;
    }

    void refuse(StatusRuntimeException why) {
      refused = true;
      Metadata trailers = why.getTrailers();
      answers.execute(
          () -> closeOnce(why.getStatus(), trailers == null ? new Metadata() : trailers));
    }

    private void closeOnce(Status status, Metadata trailers) {
      if (!closed) {
        try {
          super.close(status, trailers);
        } finally {
          closed = true;
        }
      }
    }

    @Override
    public void sendHeaders(Metadata headers) {
      answers.execute(
          () -> {
            if (!refused) {
              super.sendHeaders(headers);
            }
          });
    }

    @Override
    public void sendMessage(A message) {
      answers.execute(
          () -> {
            if (!refused) {
              if (!answered) {
                answered = true;
              }
              super.sendMessage(message);
            }
          });
    }

    @Override
    public void close(Status status, Metadata trailers) {
      answers.execute(
          () -> {
            if (!refused) {
              closeOnce(status, trailers);
            }
          });
    }

    @Override
    public boolean isCancelled() {
      return refused || super.isCancelled();
    }
  }

  /** To the service a refused call is one that its client has given up. */
  private static final class CheckedListener<Q> extends ServerCall.Listener<Request<Q>> {
    private final CheckedRequests.CheckedCall<Q, ?> call;
    private final ServerCall.Listener<Q> service;
    private boolean cancelled;

    CheckedListener(CheckedRequests.CheckedCall<Q, ?> call, ServerCall.Listener<Q> service) {
      this.call = call;
      this.service = service;
    }

    @Override
    public void onMessage(Request<Q> request) {
      StatusRuntimeException refusal = request.refusal();
      Q message = request.message();
      if (call.isRefused()) {
        return;
      }
      if (refusal != null) {
        call.refuse(refusal);
        onCancel();
      } else if (message != null) {
        service.onMessage(message);
      }
    }

    @Override
    public void onHalfClose() {
      if (!call.isRefused()) {
        service.onHalfClose();
      }
    }

    @Override
    public void onReady() {
      if (!call.isRefused()) {
        service.onReady();
      }
    }

    @Override
    public void onCancel() {
      // Once: a refusal is followed by the end of the call.
      if (!cancelled) {
        cancelled = true;
        service.onCancel();
      }
    }

    @Override
    public void onComplete() {
      if (call.isRefused()) {
        onCancel();
      } else {
        service.onComplete();
      }
    }
  }
}
