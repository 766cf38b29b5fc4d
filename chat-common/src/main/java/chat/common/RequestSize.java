package chat.common;

import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;
import org.jspecify.annotations.Nullable;

/**
 * Counts a request's bytes while they come in, so that one that is far too large is refused before
 * it is in memory, and in the service's words. gRPC's own limit knows neither. The network's thread
 * counts; any thread may say for which call.
 */
final class RequestSize extends ServerStreamTracer {
  /** What a call does about a request that is too large to be read. */
  interface Bounded {
    int readBytesMax();

    /**
     * Called on the network's thread, perhaps for each part of it; must not wait.
     *
     * @return whether the refusal goes out before anything that the transport is told now: not if
     *     there may be answers before it, on their way to the transport or unwritten there
     */
    boolean refuseTooLarge();
  }

  /** About what comes in at a time: the window of a stream. */
  private static final int READ_ON_MAX = 1 << 20;

  /** One for each call of the server that they are added to. */
  static final Factory FACTORY =
      new Factory() {
        @Override
        public ServerStreamTracer newServerStreamTracer(String fullMethodName, Metadata headers) {
          return new RequestSize();
        }
      };

  private static final Context.Key<RequestSize> CURRENT = Context.key("chat-request-size");

  private volatile @Nullable Bounded call;

  /** Of the request that is coming in; the network's thread's. */
  private long bytes;

  private RequestSize() {}

  /** Has the current call bounded, if its server counts. Before any request is asked for. */
  static void bound(Bounded current) {
    RequestSize size = CURRENT.get();
    if (size != null) {
      size.call = current;
    }
  }

  @Override
  public Context filterContext(Context context) {
    return context.withValue(CURRENT, this);
  }

  @Override
  public void inboundMessage(int sequence) {
    bytes = 0;
  }

  @Override
  public void inboundWireSize(long more) {
    bytes += more;
    Bounded bounded = call;
    if (bounded != null
        && bytes > bounded.readBytesMax()
        && (bounded.refuseTooLarge() || bytes - bounded.readBytesMax() > READ_ON_MAX)) {
      // Thrown for the transport, which then drops what it has and what is still to come, and
      // resets the stream: after the refusal, or that would be all that the client hears. Where it
      // has to wait for answers before it, the transport drops everything once it is written.
      throw Status.RESOURCE_EXHAUSTED
          .withDescription("A request of more than " + bounded.readBytesMax() + " bytes.")
          .asRuntimeException();
    }
  }
}
