package chat.client.rehearsal;

import chat.v1.Account;
import chat.v1.AcknowledgeMessagesRequest;
import chat.v1.AcknowledgeMessagesResponse;
import chat.v1.CaughtUp;
import chat.v1.ChatServiceGrpc;
import chat.v1.CreateAccountRequest;
import chat.v1.CreateAccountResponse;
import chat.v1.Delivery;
import chat.v1.FetchMessagesRequest;
import chat.v1.FetchMessagesResponse;
import chat.v1.GetClusterStatusRequest;
import chat.v1.GetClusterStatusResponse;
import chat.v1.ListAccountsRequest;
import chat.v1.ListAccountsResponse;
import chat.v1.ListMessagesRequest;
import chat.v1.ListMessagesResponse;
import chat.v1.LoginRequest;
import chat.v1.LoginResponse;
import chat.v1.LogoutRequest;
import chat.v1.LogoutResponse;
import chat.v1.Message;
import chat.v1.ReceiveMessagesRequest;
import chat.v1.ReceiveMessagesResponse;
import chat.v1.SendMessageRequest;
import chat.v1.SendMessageResponse;
import chat.v1.ServerRole;
import chat.v1.ServerStatus;
import com.google.protobuf.Timestamp;
import io.grpc.stub.StreamObserver;

/** Always says the same. */
final class CannedChatService extends ChatServiceGrpc.ChatServiceImplBase {
  private static final Timestamp TIME = Timestamp.newBuilder().setSeconds(1_700_000_000).build();
  private static final Message MESSAGE =
      Message.newBuilder()
          .setMessageId(1)
          .setSender("bob")
          .setRecipient("alice")
          .setText("hello")
          .setSentTime(TIME)
          .build();

  private static <R> void answer(StreamObserver<R> out, R response) {
    out.onNext(response);
    out.onCompleted();
  }

  @Override
  public void createAccount(CreateAccountRequest in, StreamObserver<CreateAccountResponse> out) {
    answer(out, CreateAccountResponse.getDefaultInstance());
  }

  @Override
  public void login(LoginRequest in, StreamObserver<LoginResponse> out) {
    answer(
        out,
        LoginResponse.newBuilder()
            .setSessionToken("token")
            .setExpireTime(TIME)
            .setUndeliveredCount(1)
            .build());
  }

  @Override
  public void logout(LogoutRequest in, StreamObserver<LogoutResponse> out) {
    answer(out, LogoutResponse.getDefaultInstance());
  }

  @Override
  public void listAccounts(ListAccountsRequest in, StreamObserver<ListAccountsResponse> out) {
    answer(
        out,
        ListAccountsResponse.newBuilder()
            .addAccounts(Account.newBuilder().setUsername("alice").setOnline(true))
            .build());
  }

  @Override
  public void sendMessage(SendMessageRequest in, StreamObserver<SendMessageResponse> out) {
    answer(
        out,
        SendMessageResponse.newBuilder()
            .setMessageId(1)
            .setSentTime(TIME)
            .setDelivery(Delivery.DELIVERY_QUEUED)
            .build());
  }

  @Override
  public void receiveMessages(
      ReceiveMessagesRequest in, StreamObserver<ReceiveMessagesResponse> out) {
    out.onNext(ReceiveMessagesResponse.newBuilder().setMessage(MESSAGE).build());
    out.onNext(
        ReceiveMessagesResponse.newBuilder().setCaughtUp(CaughtUp.getDefaultInstance()).build());
  }

  @Override
  public void fetchMessages(FetchMessagesRequest in, StreamObserver<FetchMessagesResponse> out) {
    answer(out, FetchMessagesResponse.newBuilder().addMessages(MESSAGE).build());
  }

  @Override
  public void acknowledgeMessages(
      AcknowledgeMessagesRequest in, StreamObserver<AcknowledgeMessagesResponse> out) {
    answer(out, AcknowledgeMessagesResponse.getDefaultInstance());
  }

  @Override
  public void listMessages(ListMessagesRequest in, StreamObserver<ListMessagesResponse> out) {
    answer(out, ListMessagesResponse.newBuilder().addMessages(MESSAGE).build());
  }

  @Override
  public void getClusterStatus(
      GetClusterStatusRequest in, StreamObserver<GetClusterStatusResponse> out) {
    answer(
        out,
        GetClusterStatusResponse.newBuilder()
            .addServers(
                ServerStatus.newBuilder()
                    .setServerId(1)
                    .setAddress("127.0.0.1:7401")
                    .setRole(ServerRole.SERVER_ROLE_PRIMARY)
                    .setReachable(true))
            .setPrimaryId(1)
            .addViewMemberIds(1)
            .setSummary("Server 1 is primary.")
            .build());
  }
}
