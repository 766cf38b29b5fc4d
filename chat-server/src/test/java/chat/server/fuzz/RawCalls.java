package chat.server.fuzz;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Calls any method with any bytes, of whatever kind it is. Thread-safe. */
public final class RawCalls {
  /** How a call ended, and what was answered till then. */
  public record Answer(Status status, Metadata trailers, List<byte[]> messages) {
    /** The end as the stubs throw it. */
    public StatusException asException() {
      return new StatusException(status, trailers);
    }
  }

  private final Channel channel;

  public RawCalls(Channel channel) {
    this.channel = channel;
  }

  /**
   * Sends the requests, says that there are no more, and takes so many answers; a stream that goes
   * on after them is given up, which counts as OK.
   */
  public CompletableFuture<Answer> call(
      MethodDescriptor<?, ?> method,
      CallOptions options,
      Metadata headers,
      List<byte[]> requests,
      int answersMax) {
    MethodDescriptor<byte[], byte[]> raw =
        MethodDescriptor.<byte[], byte[]>newBuilder()
            .setType(method.getType())
            .setFullMethodName(method.getFullMethodName())
            .setRequestMarshaller(Bytes.MARSHALLER)
            .setResponseMarshaller(Bytes.MARSHALLER)
            .build();
    CompletableFuture<Answer> end = new CompletableFuture<>();
    List<byte[]> answers = Collections.synchronizedList(new ArrayList<>());
    ClientCall<byte[], byte[]> call = channel.newCall(raw, options);
    call.start(
        new ClientCall.Listener<>() {
          @Override
          public void onMessage(byte[] answer) {
            answers.add(answer);
            if (answers.size() == answersMax) {
              end.complete(new Answer(Status.OK, new Metadata(), List.copyOf(answers)));
              call.cancel("seen enough", null);
            }
          }

          @Override
          public void onClose(Status status, Metadata trailers) {
            end.complete(new Answer(status, trailers, List.copyOf(answers)));
          }
        },
        headers);
    call.request(Integer.MAX_VALUE);
    requests.forEach(call::sendMessage);
    call.halfClose();
    return end;
  }

  private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
    static final Bytes MARSHALLER = new Bytes();

    @Override
    public InputStream stream(byte[] value) {
      return new ByteArrayInputStream(value);
    }

    @Override
    public byte[] parse(InputStream stream) {
      try {
        return stream.readAllBytes();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
