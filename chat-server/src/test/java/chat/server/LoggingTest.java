package chat.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;

class LoggingTest {
  private final Logger library = Logger.getLogger("io.grpc");
  private final List<String> said = new CopyOnWriteArrayList<>();

  @Test
  void requestsThatAreTooLargeDoNotFillTheLog() throws Exception {
    Logging.configure("info");
    Handler handler = handler();
    library.addHandler(handler);
    Server server =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .addService(new HealthStatusManager().getHealthService())
            .maxInboundMessageSize(100)
            .build()
            .start();
    ManagedChannel channel =
        NettyChannelBuilder.forAddress("127.0.0.1", server.getPort()).usePlaintext().build();
    try {
      HealthCheckRequest large =
          HealthCheckRequest.newBuilder().setService("x".repeat(1000)).build();
      Throwable refused = catchThrowable(() -> HealthGrpc.newBlockingStub(channel).check(large));
      assertThat(Status.fromThrowable(refused).getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
    } finally {
      channel.shutdownNow();
      server.shutdownNow();
      // What would be said is said by then.
      assertThat(server.awaitTermination(20, TimeUnit.SECONDS)).isTrue();
      library.removeHandler(handler);
    }
    assertThat(said).isEmpty();
  }

  private Handler handler() {
    return new Handler() {
      @Override
      public void publish(LogRecord record) {
        said.add(record.getLoggerName() + ": " + record.getMessage());
      }

      @Override
      public void flush() {}

      @Override
      public void close() {}
    };
  }
}
