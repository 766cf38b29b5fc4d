package chat.server.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import chat.common.ErrorReason;
import chat.v1.ChatServiceGrpc;
import chat.v1.CreateAccountRequest;
import chat.v1.FetchMessagesRequest;
import chat.v1.FetchMessagesResponse;
import chat.v1.LoginRequest;
import chat.v1.Message;
import chat.v1.ReceiveMessagesRequest;
import chat.v1.ReceiveMessagesResponse;
import chat.v1.SendMessageRequest;
import com.google.rpc.ErrorInfo;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.MetadataUtils;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Clients that do not read, over real connections, where what they do not read piles up. */
class SlowReceiverTest {
  private static final int WINDOW_BYTES = 64 * 1024;
  private static final int MESSAGES = 60;
  private static final String PASSWORD = "correct horse";
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final FakeBackend backend = new FakeBackend();
  private final ChatEndpoint endpoint =
      new ChatEndpoint(
          backend,
          backend.tables,
          Limits.builder()
              .heartbeatInterval(Duration.ofMillis(200))
              .calls(
                  new CallLimits(
                      1_000, 1_000, 4, 1 << 20, Duration.ofSeconds(2), Duration.ofSeconds(1)))
              .build(),
          new PasswordCost(64, 1, 1),
          new SecureRandom());
  private @Nullable Server server;
  private @Nullable ManagedChannel channel;

  @BeforeEach
  void start() throws Exception {
    backend.listener(endpoint::onApplied);
    NettyServerBuilder builder =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    endpoint.addTo(builder);
    server = builder.build().start();
    channel =
        NettyChannelBuilder.forAddress("127.0.0.1", server.getPort())
            .usePlaintext()
            .flowControlWindow(WINDOW_BYTES)
            .build();
    endpoint.becamePrimary(1);
  }

  @AfterEach
  void stop() {
    if (channel != null) {
      channel.shutdownNow();
    }
    endpoint.stop();
    if (server != null) {
      server.shutdownNow();
    }
    endpoint.close();
    backend.close();
  }

  @Test
  void aReceiverThatNeverReadsLosesItsStreamHoldsNobodyBackAndComesBackByItsCursor() {
    String ann = user("ann");
    String bob = user("bob");
    String cid = user("cid");
    Receiver slow = new Receiver(bob, 0);
    Receiver quick = new Receiver(cid, 0);
    quick.call.request(1_000);
    await().atMost(PATIENCE).until(() -> backend.tables.isOnline("bob"));
    await().atMost(PATIENCE).until(() -> backend.tables.isOnline("cid"));
    LongStream.range(0, MESSAGES)
        .forEach(
            i -> {
              send(ann, "bob", "x".repeat(16 * 1024));
              send(ann, "cid", "short");
            });
    await().atMost(PATIENCE).until(() -> quick.ids.size() == MESSAGES);
    // bob takes nothing: its stream is over for the server, which keeps nothing for it.
    await().atMost(PATIENCE).until(() -> !backend.tables.isOnline("bob"));
    assertThat(quick.end.get()).as("the other's stream").isNull();
    assertThat(slow.end.get()).isNull();
    // It reads at last: what was on its way, and then why there is no more.
    slow.call.request(1_000);
    await().atMost(PATIENCE).until(() -> slow.end.get() != null);
    assertThat(slow.ids).hasSizeLessThan(MESSAGES);
    Throwable end = Objects.requireNonNull(slow.end.get());
    assertThat(Status.fromThrowable(end).getCode()).isEqualTo(Status.Code.UNAVAILABLE);
    assertThat(ApiHarness.detail(end, ErrorInfo.class).orElseThrow().getReason())
        .isEqualTo(ErrorReason.SLOW_RECEIVER.name());
    long cursor = slow.ids.isEmpty() ? 0 : slow.ids.get(slow.ids.size() - 1);
    Receiver again = new Receiver(bob, cursor);
    again.call.request(1_000);
    await().atMost(PATIENCE).until(() -> slow.ids.size() + again.ids.size() == MESSAGES);
    assertThat(slow.ids).doesNotContainAnyElementsOf(again.ids);
  }

  /** What is held for answers that are not taken is bounded, and given back in the end. */
  @Test
  void answersThatNobodyTakesAreBoundedAndGivenUp() {
    String ann = user("ann");
    String bob = user("bob");
    for (int i = 0; i < 40; i++) {
      send(ann, "bob", "x".repeat(16 * 1024));
    }
    // Each asks for 640 KiB and takes none of it.
    Fetch first = new Fetch(bob);
    Fetch second = new Fetch(bob);
    await().atMost(PATIENCE).until(() -> first.end.get() != null || second.end.get() != null);
    Fetch refused = first.end.get() != null ? first : second;
    assertThat(refused.reason()).isEqualTo(ErrorReason.OVERLOADED.name());
    Fetch held = refused == first ? second : first;
    // Until it is cancelled there is no room; then there is.
    await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(200))
        .until(
            () -> {
              Fetch next = new Fetch(bob);
              next.call.request(2);
              await().atMost(PATIENCE).until(() -> next.end.get() != null);
              return next.answered;
            });
    // It reads at last, and finds that it was given up.
    held.call.request(2);
    await().atMost(PATIENCE).until(() -> held.end.get() != null);
    assertThat(held.answered).isFalse();
  }

  private ChatServiceGrpc.ChatServiceBlockingStub stub(@Nullable String token) {
    ChatServiceGrpc.ChatServiceBlockingStub stub =
        ChatServiceGrpc.newBlockingStub(channel).withDeadlineAfter(20, TimeUnit.SECONDS);
    return token == null
        ? stub
        : stub.withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers(token)));
  }

  private static Metadata headers(String token) {
    Metadata headers = new Metadata();
    headers.put(
        Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + token);
    return headers;
  }

  private String user(String name) {
    var unused =
        stub(null)
            .createAccount(
                CreateAccountRequest.newBuilder().setUsername(name).setPassword(PASSWORD).build());
    return stub(null)
        .login(LoginRequest.newBuilder().setUsername(name).setPassword(PASSWORD).build())
        .getSessionToken();
  }

  private void send(String token, String recipient, String text) {
    var unused =
        stub(token)
            .sendMessage(
                SendMessageRequest.newBuilder().setRecipient(recipient).setText(text).build());
  }

  /** A stream that is read only when it is asked to. */
  private final class Receiver extends ClientCall.Listener<ReceiveMessagesResponse> {
    final List<Long> ids = new CopyOnWriteArrayList<>();
    final AtomicReference<@Nullable Throwable> end = new AtomicReference<>();
    final ClientCall<ReceiveMessagesRequest, ReceiveMessagesResponse> call =
        Objects.requireNonNull(channel)
            .newCall(ChatServiceGrpc.getReceiveMessagesMethod(), CallOptions.DEFAULT);

    Receiver(String token, long after) {
      call.start(this, headers(token));
      call.request(1);
      call.sendMessage(ReceiveMessagesRequest.newBuilder().setAfterMessageId(after).build());
      call.halfClose();
    }

    @Override
    public void onMessage(ReceiveMessagesResponse event) {
      Message message = event.getMessage();
      if (message.getMessageId() != 0) {
        ids.add(message.getMessageId());
      }
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      end.set(status.asRuntimeException(trailers));
    }
  }

  private final class Fetch extends ClientCall.Listener<FetchMessagesResponse> {
    final AtomicReference<@Nullable Throwable> end = new AtomicReference<>();
    volatile boolean answered;
    final ClientCall<FetchMessagesRequest, FetchMessagesResponse> call =
        Objects.requireNonNull(channel)
            .newCall(ChatServiceGrpc.getFetchMessagesMethod(), CallOptions.DEFAULT);

    Fetch(String token) {
      call.start(this, headers(token));
      call.sendMessage(FetchMessagesRequest.newBuilder().setPageSize(1_000).build());
      call.halfClose();
    }

    String reason() {
      return ApiHarness.detail(Objects.requireNonNull(end.get()), ErrorInfo.class)
          .orElseThrow()
          .getReason();
    }

    @Override
    public void onMessage(FetchMessagesResponse page) {
      answered = true;
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      end.set(status.asRuntimeException(trailers));
    }
  }
}
