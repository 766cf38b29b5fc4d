package chat.server.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import chat.common.ErrorReason;
import chat.v1.ChatServiceGrpc;
import chat.v1.CreateAccountRequest;
import chat.v1.LoginRequest;
import chat.v1.SendMessageRequest;
import chat.v1.SendMessageResponse;
import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.rpc.ErrorInfo;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.AbstractStub;
import io.grpc.stub.MetadataUtils;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** The whole public side on an in-process channel, with a cluster of one underneath. */
final class ApiHarness implements AutoCloseable {
  static final String PASSWORD = "correct horse";

  final FakeBackend backend = new FakeBackend();
  final ChatEndpoint endpoint;
  final ManagedChannel channel;
  private final Server server;

  ApiHarness() {
    this(limits().build());
  }

  ApiHarness(Limits limits) {
    this(limits, new PasswordCost(64, 1, 1));
  }

  ApiHarness(Limits limits, PasswordCost cost) {
    endpoint = new ChatEndpoint(backend, backend.tables, limits, cost, new SecureRandom());
    backend.listener(endpoint::onApplied);
    String name = InProcessServerBuilder.generateName();
    InProcessServerBuilder builder = InProcessServerBuilder.forName(name);
    endpoint.addTo(builder);
    try {
      server = builder.build().start();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    channel = InProcessChannelBuilder.forName(name).build();
    endpoint.becamePrimary(1);
  }

  /** Limits for tests: what takes time takes little. */
  static Limits.Builder limits() {
    return Limits.builder()
        .heartbeatInterval(Duration.ofMillis(100))
        .attachmentGrace(Duration.ofMillis(200));
  }

  ChatServiceGrpc.ChatServiceBlockingStub anonymous() {
    return ChatServiceGrpc.newBlockingStub(channel).withDeadlineAfter(20, TimeUnit.SECONDS);
  }

  ChatServiceGrpc.ChatServiceBlockingStub as(String token) {
    return with(anonymous(), token);
  }

  ChatServiceGrpc.ChatServiceStub asyncAs(String token) {
    return with(ChatServiceGrpc.newStub(channel), token);
  }

  static <S extends AbstractStub<S>> S with(S stub, String token) {
    Metadata headers = new Metadata();
    headers.put(
        Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + token);
    return stub.withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers));
  }

  void create(String username) {
    var unused =
        anonymous()
            .createAccount(
                CreateAccountRequest.newBuilder()
                    .setUsername(username)
                    .setPassword(PASSWORD)
                    .build());
  }

  /** Makes an account and logs it in; the token. */
  String user(String username) {
    create(username);
    return login(username);
  }

  String login(String username) {
    return anonymous()
        .login(LoginRequest.newBuilder().setUsername(username).setPassword(PASSWORD).build())
        .getSessionToken();
  }

  SendMessageResponse send(String token, String recipient, String text) {
    return as(token)
        .sendMessage(SendMessageRequest.newBuilder().setRecipient(recipient).setText(text).build());
  }

  ReceivedEvents receive(String token, long afterMessageId) {
    return ReceivedEvents.open(asyncAs(token), afterMessageId);
  }

  static void assertRefused(ThrowingCallable call, Status.Code code, ErrorReason reason) {
    Throwable thrown = catchThrowable(call);
    assertThat(thrown).isNotNull();
    assertRefused(thrown, code, reason);
  }

  static void assertRefused(Throwable thrown, Status.Code code, ErrorReason reason) {
    assertThat(Status.fromThrowable(thrown).getCode()).as("%s", thrown).isEqualTo(code);
    ErrorInfo info = detail(thrown, ErrorInfo.class).orElseThrow();
    assertThat(info.getDomain()).isEqualTo("chat");
    assertThat(info.getReason()).isEqualTo(reason.name());
  }

  /** A detail of an error's status. */
  static <T extends Message> Optional<T> detail(Throwable thrown, Class<T> kind) {
    com.google.rpc.Status status = StatusProto.fromThrowable(thrown);
    if (status == null) {
      return Optional.empty();
    }
    return detail(status, kind);
  }

  static <T extends Message> Optional<T> detail(com.google.rpc.Status status, Class<T> kind) {
    for (Any any : status.getDetailsList()) {
      if (any.is(kind)) {
        try {
          return Optional.of(any.unpack(kind));
        } catch (InvalidProtocolBufferException e) {
          throw new AssertionError(e);
        }
      }
    }
    return Optional.empty();
  }

  @Override
  public void close() {
    channel.shutdownNow();
    server.shutdownNow();
    endpoint.close();
    backend.close();
  }
}
