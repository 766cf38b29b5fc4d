package chat.client.guard;

import chat.v1.AcknowledgeMessagesRequest;
import chat.v1.ChatServiceGrpc;
import chat.v1.CreateAccountRequest;
import chat.v1.LoginRequest;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.AbstractStub;
import io.grpc.stub.MetadataUtils;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A plain connection to one server, without anything that repeats what was refused. */
final class Wire implements AutoCloseable {
  static final String PASSWORD = "correct horse";

  private final String address;
  private final ManagedChannel channel;

  Wire(String address) {
    this.address = address;
    this.channel = NettyChannelBuilder.forTarget("dns:///" + address).usePlaintext().build();
  }

  String address() {
    return address;
  }

  ChatServiceGrpc.ChatServiceStub stub() {
    return ChatServiceGrpc.newStub(channel);
  }

  ChatServiceGrpc.ChatServiceStub stub(String token) {
    return with(stub(), token);
  }

  static <S extends AbstractStub<S>> S with(S stub, String token) {
    return stub.withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers(token)));
  }

  static Metadata headers(String token) {
    Metadata headers = new Metadata();
    headers.put(
        Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + token);
    return headers;
  }

  /** Makes an account and logs it in; the token. */
  String user(String name) {
    var unused =
        blocking()
            .createAccount(
                CreateAccountRequest.newBuilder().setUsername(name).setPassword(PASSWORD).build());
    return login(name);
  }

  private String login(String name) {
    return blocking()
        .login(LoginRequest.newBuilder().setUsername(name).setPassword(PASSWORD).build())
        .getSessionToken();
  }

  /** Acknowledges all that waits, so that no inbox is full. */
  void empty(List<String> names) {
    for (String name : names) {
      var unused =
          with(blocking(), login(name))
              .acknowledgeMessages(
                  AcknowledgeMessagesRequest.newBuilder().setMessageId(Long.MAX_VALUE).build());
    }
  }

  private ChatServiceGrpc.ChatServiceBlockingStub blocking() {
    return ChatServiceGrpc.newBlockingStub(channel).withDeadlineAfter(30, TimeUnit.SECONDS);
  }

  @Override
  public void close() {
    channel.shutdownNow();
  }
}
