package chat.server.api;

import static chat.server.api.ApiHarness.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import chat.common.ErrorReason;
import chat.v1.ChatServiceGrpc;
import chat.v1.CreateAccountRequest;
import chat.v1.GetClusterStatusRequest;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What an in-process channel does not show: sizes on the wire, and the services beside ours. */
class NettyEndpointTest {
  private final FakeBackend backend = new FakeBackend();
  private final ChatEndpoint endpoint =
      new ChatEndpoint(
          backend,
          backend.tables,
          Limits.defaults(),
          new PasswordCost(64, 1, 1),
          new SecureRandom());
  private final Server server = server();
  private final ManagedChannel channel =
      NettyChannelBuilder.forAddress("127.0.0.1", server.getPort()).usePlaintext().build();

  @BeforeEach
  void start() {
    endpoint.becamePrimary(1);
  }

  @AfterEach
  void stop() throws InterruptedException {
    channel.shutdownNow();
    endpoint.stop();
    server.shutdownNow();
    assertThat(server.awaitTermination(5, TimeUnit.SECONDS)).isTrue();
    endpoint.close();
    backend.close();
  }

  @Test
  void aRequestOfMoreThan64KibIsRefusedInWords() {
    assertRefused(
        () -> ChatServiceGrpc.newBlockingStub(channel).createAccount(named(65 * 1024)),
        Status.Code.RESOURCE_EXHAUSTED,
        ErrorReason.REQUEST_TOO_LARGE);
    // However small it is on the wire.
    assertRefused(
        () ->
            ChatServiceGrpc.newBlockingStub(channel)
                .withCompression("gzip")
                .createAccount(named(200 * 1024)),
        Status.Code.RESOURCE_EXHAUSTED,
        ErrorReason.REQUEST_TOO_LARGE);
    assertRefused(
        () ->
            ChatServiceGrpc.newBlockingStub(channel)
                .withCompression("gzip")
                .createAccount(named(20 << 20)),
        Status.Code.RESOURCE_EXHAUSTED,
        ErrorReason.REQUEST_TOO_LARGE);
    assertRefused(
        () -> ChatServiceGrpc.newBlockingStub(channel).createAccount(named(63 * 1024)),
        Status.Code.INVALID_ARGUMENT,
        ErrorReason.BAD_USERNAME);
    assertServes();
  }

  @Test
  void aRequestThatIsFarTooLargeIsCutOff() {
    Throwable thrown =
        catchThrowable(
            () -> ChatServiceGrpc.newBlockingStub(channel).createAccount(named(1 << 20)));
    assertThat(Status.fromThrowable(thrown).getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
    assertServes();
  }

  private static CreateAccountRequest named(int length) {
    return CreateAccountRequest.newBuilder().setUsername("x".repeat(length)).build();
  }

  private void assertServes() {
    assertThat(
            ChatServiceGrpc.newBlockingStub(channel)
                .getClusterStatus(GetClusterStatusRequest.getDefaultInstance())
                .getSummary())
        .isNotEmpty();
  }

  @Test
  void reflectionDescribesTheServices() throws Exception {
    CompletableFuture<ServerReflectionResponse> answer = new CompletableFuture<>();
    StreamObserver<ServerReflectionRequest> asking =
        ServerReflectionGrpc.newStub(channel)
            .serverReflectionInfo(
                new StreamObserver<>() {
                  @Override
                  public void onNext(ServerReflectionResponse response) {
                    answer.complete(response);
                  }

                  @Override
                  public void onError(Throwable thrown) {
                    answer.completeExceptionally(thrown);
                  }

                  @Override
                  public void onCompleted() {}
                });
    asking.onNext(ServerReflectionRequest.newBuilder().setListServices("*").build());
    assertThat(answer.get(10, TimeUnit.SECONDS).getListServicesResponse().getServiceList())
        .extracting(service -> service.getName())
        .contains(
            "chat.v1.ChatService",
            "grpc.health.v1.Health",
            "grpc.reflection.v1.ServerReflection",
            "grpc.reflection.v1alpha.ServerReflection");
    asking.onCompleted();
  }

  private Server server() {
    NettyServerBuilder builder =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    endpoint.addTo(builder);
    endpoint.permitKeepAlive(builder);
    try {
      return builder.build().start();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
