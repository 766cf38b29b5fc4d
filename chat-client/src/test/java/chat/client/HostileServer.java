package chat.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import chat.v1.ReceiveMessagesResponse;
import io.grpc.HandlerRegistry;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerMethodDefinition;
import io.grpc.Status;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Says that it is the primary, takes every call of whatever method, and answers each in the same
 * wrong way.
 */
final class HostileServer implements AutoCloseable {
  /** What it does with a call. */
  enum Habit {
    NEVER_ANSWERS {
      @Override
      void answer(ServerCall<byte[], byte[]> call) {
        // That is all.
      }
    },
    ANSWERS_ANOTHER_TYPE {
      @Override
      void answer(ServerCall<byte[], byte[]> call) {
        // A valid message, of fields that none of the expected types has.
        call.sendMessage(new byte[] {(byte) 0xA2, 0x06, 2, 'n', 'o'});
        call.close(Status.OK, new Metadata());
      }
    },
    ANSWERS_NO_PROTOBUF {
      @Override
      void answer(ServerCall<byte[], byte[]> call) {
        call.sendMessage("<html>It works!</html>".getBytes(UTF_8));
        call.close(Status.OK, new Metadata());
      }
    },
    ANSWERS_NOTHING_AND_SAYS_OK {
      @Override
      void answer(ServerCall<byte[], byte[]> call) {
        call.close(Status.OK, new Metadata());
      }
    },
    ANSWERS_TWICE {
      @Override
      void answer(ServerCall<byte[], byte[]> call) {
        byte[] event = ReceiveMessagesResponse.getDefaultInstance().toByteArray();
        call.sendMessage(event);
        call.sendMessage(event);
        call.close(Status.OK, new Metadata());
      }
    },
    ANSWERS_WITHOUT_MEASURE {
      @Override
      void answer(ServerCall<byte[], byte[]> call) {
        call.sendMessage(new byte[5 << 20]);
        call.close(Status.OK, new Metadata());
      }
    },
    BREAKS_OFF {
      @Override
      void answer(ServerCall<byte[], byte[]> call) {
        call.close(Status.CANCELLED.withDescription("Changed my mind."), new Metadata());
      }
    },
    LIES_ABOUT_THE_STATUS {
      @Override
      void answer(ServerCall<byte[], byte[]> call) {
        Metadata trailers = new Metadata();
        trailers.put(
            Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER),
            new byte[] {1, 2, 3});
        call.close(Status.ABORTED.withDescription("\u0000\u001b[31m"), trailers);
      }
    };

    abstract void answer(ServerCall<byte[], byte[]> call);
  }

  private final Habit habit;
  private final int port = FakeCluster.freePort();
  private final Server server;
  final AtomicInteger calls = new AtomicInteger();

  HostileServer(Habit habit) {
    this.habit = habit;
    HealthStatusManager health = new HealthStatusManager();
    health.setStatus(PrimaryChannel.SERVICE, ServingStatus.SERVING);
    try {
      server =
          NettyServerBuilder.forAddress(
                  new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
              .addService(health.getHealthService())
              .fallbackHandlerRegistry(new AnyMethod())
              .build()
              .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  String address() {
    return "127.0.0.1:" + port;
  }

  @Override
  public void close() {
    server.shutdownNow();
  }

  private final class AnyMethod extends HandlerRegistry {
    @Override
    public ServerMethodDefinition<?, ?> lookupMethod(String name, @Nullable String authority) {
      MethodDescriptor<byte[], byte[]> method =
          MethodDescriptor.<byte[], byte[]>newBuilder()
              .setType(MethodType.BIDI_STREAMING)
              .setFullMethodName(name)
              .setRequestMarshaller(new Bytes())
              .setResponseMarshaller(new Bytes())
              .build();
      return ServerMethodDefinition.create(method, new Answering());
    }
  }

  private final class Answering implements ServerCallHandler<byte[], byte[]> {
    @Override
    public ServerCall.Listener<byte[]> startCall(
        ServerCall<byte[], byte[]> call, Metadata headers) {
      call.request(1);
      return new ServerCall.Listener<>() {
        @Override
        public void onMessage(byte[] request) {
          calls.incrementAndGet();
          call.sendHeaders(new Metadata());
          habit.answer(call);
        }
      };
    }
  }

  private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
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
