package chat.server.api;

import static chat.server.api.ApiHarness.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import chat.common.ErrorReason;
import chat.v1.ChatServiceGrpc;
import chat.v1.CreateAccountRequest;
import chat.v1.GetClusterStatusRequest;
import chat.v1.LoginRequest;
import chat.v1.SendMessagesRequest;
import chat.v1.SendMessagesResponse;
import com.google.rpc.ErrorInfo;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Codec;
import io.grpc.CompressorRegistry;
import io.grpc.DecompressorRegistry;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What an in-process channel does not show: sizes on the wire, and the services beside ours. */
class NettyEndpointTest {
  private static final int STREAMS_MAX = 3;

  /** What is read of a request at the most, see {@link RequestWords}. */
  private static final int READ_MAX = 4 * 64 * 1024;

  private final AtomicLong inflated = new AtomicLong();
  private final FakeBackend backend = new FakeBackend();
  private final ChatEndpoint endpoint =
      new ChatEndpoint(
          backend,
          backend.tables,
          Limits.builder().streamsMax(STREAMS_MAX).build(),
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
  void aRequestThatIsFarTooLargeIsRefusedInWordsToo() {
    for (int bytes : new int[] {256 << 10, 257 << 10, 1 << 20, 40 << 20}) {
      assertRefused(
          () -> ChatServiceGrpc.newBlockingStub(channel).createAccount(named(bytes)),
          Status.Code.RESOURCE_EXHAUSTED,
          ErrorReason.REQUEST_TOO_LARGE);
    }
    HealthCheckRequest health =
        HealthCheckRequest.newBuilder().setService("x".repeat(1 << 20)).build();
    assertRefused(
        () -> HealthGrpc.newBlockingStub(channel).check(health),
        Status.Code.RESOURCE_EXHAUSTED,
        ErrorReason.REQUEST_TOO_LARGE);
    assertServes();
  }

  @Test
  void aMessageOfAStreamThatIsFarTooLargeEndsItInWords() throws Exception {
    String token = login("ann");
    // Again and again: what it had open is free again, and the refusal is heard although there is
    // an answer on its way.
    for (int i = 0; i < 20 * STREAMS_MAX; i++) {
      Answers answers = new Answers();
      StreamObserver<SendMessagesRequest> sending =
          ApiHarness.with(ChatServiceGrpc.newStub(channel), token).sendMessages(answers);
      sending.onNext(toAnn("hello"));
      sending.onNext(toAnn("x".repeat(3 << 20)));
      sending.onNext(toAnn("behind it"));
      assertRefused(
          answers.end.get(10, TimeUnit.SECONDS),
          Status.Code.RESOURCE_EXHAUSTED,
          ErrorReason.REQUEST_TOO_LARGE);
      assertThat(answers.accepted)
          .extracting(SendMessagesResponse::getRequestId)
          .doesNotContain(toAnn("behind it").getRequestId());
    }
    assertServes();
  }

  @Test
  void noMethodOfAnyServiceReadsMoreThanItsLimit() throws Exception {
    CompressorRegistry compressors = CompressorRegistry.newEmptyInstance();
    compressors.register(new Endless(new AtomicLong()));
    ManagedChannel strange =
        NettyChannelBuilder.forAddress("127.0.0.1", server.getPort())
            .usePlaintext()
            .compressorRegistry(compressors)
            .build();
    try {
      for (ServerServiceDefinition each : server.getServices()) {
        for (ServerMethodDefinition<?, ?> method : each.getMethods()) {
          MethodDescriptor<?, ?> descriptor = method.getMethodDescriptor();
          assertRefusedInWords(descriptor, end(strange, descriptor, new byte[1 << 20], ""));
          inflated.set(0);
          assertRefusedInWords(descriptor, end(strange, descriptor, new byte[10], Endless.NAME));
          assertThat(inflated)
              .as(descriptor.getFullMethodName())
              .hasValueLessThanOrEqualTo(READ_MAX + 1);
        }
      }
    } finally {
      strange.shutdownNow();
    }
    assertServes();
  }

  private static void assertRefusedInWords(MethodDescriptor<?, ?> method, Throwable end) {
    if (method.getType().clientSendsOneMessage()) {
      assertRefused(end, Status.Code.RESOURCE_EXHAUSTED, ErrorReason.REQUEST_TOO_LARGE);
    } else {
      // Or before anything is read.
      assertThat(ApiHarness.detail(end, ErrorInfo.class))
          .as("%s: %s", method.getFullMethodName(), end)
          .isPresent();
    }
  }

  /** Calls a method with bytes that are no message, and says how that ends. */
  private static Throwable end(
      ManagedChannel channel, MethodDescriptor<?, ?> method, byte[] request, String compression)
      throws Exception {
    MethodDescriptor<byte[], byte[]> raw =
        MethodDescriptor.newBuilder(new Bytes(), new Bytes())
            .setType(method.getType())
            .setFullMethodName(method.getFullMethodName())
            .build();
    CallOptions options =
        compression.isEmpty()
            ? CallOptions.DEFAULT
            : CallOptions.DEFAULT.withCompression(compression);
    CompletableFuture<Throwable> end = new CompletableFuture<>();
    ClientCall<byte[], byte[]> call = channel.newCall(raw, options);
    call.start(
        new ClientCall.Listener<>() {
          @Override
          public void onClose(Status status, Metadata trailers) {
            end.complete(status.asRuntimeException(trailers));
          }
        },
        new Metadata());
    call.request(1);
    call.sendMessage(request);
    call.halfClose();
    return end.get(20, TimeUnit.SECONDS);
  }

  private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
    @Override
    public InputStream stream(byte[] value) {
      return new ByteArrayInputStream(value);
    }

    @Override
    public byte[] parse(InputStream stream) {
      return new byte[0];
    }
  }

  /** A few bytes on the wire are more than fits into any memory. */
  private record Endless(AtomicLong inflated) implements Codec {
    static final String NAME = "endless";

    @Override
    public String getMessageEncoding() {
      return NAME;
    }

    @Override
    public OutputStream compress(OutputStream out) {
      return out;
    }

    @Override
    public InputStream decompress(InputStream in) {
      return new FilterInputStream(in) {
        @Override
        public int read() {
          inflated.incrementAndGet();
          return 'x';
        }

        @Override
        public int read(byte[] to, int offset, int length) {
          inflated.addAndGet(length);
          Arrays.fill(to, offset, offset + length, (byte) 'x');
          return length;
        }
      };
    }
  }

  private String login(String name) {
    ChatServiceGrpc.ChatServiceBlockingStub anybody = ChatServiceGrpc.newBlockingStub(channel);
    var unused =
        anybody.createAccount(
            CreateAccountRequest.newBuilder()
                .setUsername(name)
                .setPassword(ApiHarness.PASSWORD)
                .build());
    return anybody
        .login(LoginRequest.newBuilder().setUsername(name).setPassword(ApiHarness.PASSWORD).build())
        .getSessionToken();
  }

  private static SendMessagesRequest toAnn(String text) {
    return SendMessagesRequest.newBuilder()
        .setRecipient("ann")
        .setText(text)
        .setRequestId("id of " + text.length() + " characters")
        .build();
  }

  private static final class Answers implements StreamObserver<SendMessagesResponse> {
    private final BlockingQueue<SendMessagesResponse> accepted = new LinkedBlockingQueue<>();
    private final CompletableFuture<Throwable> end = new CompletableFuture<>();

    @Override
    public void onNext(SendMessagesResponse answer) {
      accepted.add(answer);
    }

    @Override
    public void onError(Throwable thrown) {
      end.complete(thrown);
    }

    @Override
    public void onCompleted() {
      end.complete(new AssertionError("completed"));
    }
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
    builder.decompressorRegistry(
        DecompressorRegistry.getDefaultInstance().with(new Endless(inflated), true));
    endpoint.addTo(builder);
    endpoint.permitKeepAlive(builder);
    try {
      return builder.build().start();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
