package chat.server.api;

import chat.common.ErrorReason;
import chat.v1.AcknowledgeMessagesRequest;
import chat.v1.AcknowledgeMessagesResponse;
import chat.v1.ChangePasswordRequest;
import chat.v1.ChangePasswordResponse;
import chat.v1.ChatServiceGrpc;
import chat.v1.CreateAccountRequest;
import chat.v1.CreateAccountResponse;
import chat.v1.DeleteAccountRequest;
import chat.v1.DeleteAccountResponse;
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
import chat.v1.ReceiveMessagesRequest;
import chat.v1.ReceiveMessagesResponse;
import chat.v1.SendMessageRequest;
import chat.v1.SendMessageResponse;
import chat.v1.SendMessagesRequest;
import chat.v1.SendMessagesResponse;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * The door: every RPC of {@code chat.v1.ChatService}, in the order in which each is checked. First
 * whether this server is the one to ask, so that a backup always names the primary; then whether
 * there is a session token; then the request, by the class that answers it. Thread-safe.
 */
final class ChatGrpcService extends ChatServiceGrpc.ChatServiceImplBase {
  private final Proposals proposals;
  private final AccountCalls accounts;
  private final SessionCalls sessions;
  private final MessageCalls messages;
  private final StreamRegistry streams;
  private final ClusterStatusCalls cluster;
  private final Limits limits;

  ChatGrpcService(
      Proposals proposals,
      AccountCalls accounts,
      SessionCalls sessions,
      MessageCalls messages,
      StreamRegistry streams,
      ClusterStatusCalls cluster,
      Limits limits) {
    this.proposals = proposals;
    this.accounts = accounts;
    this.sessions = sessions;
    this.messages = messages;
    this.streams = streams;
    this.cluster = cluster;
    this.limits = limits;
  }

  @Override
  public void createAccount(
      CreateAccountRequest request, StreamObserver<CreateAccountResponse> observer) {
    boolean repeatable = !request.getRequestId().isEmpty();
    Caller caller = SessionInterceptor.current();
    answer(observer, repeatable, () -> accounts.create(caller, request));
  }

  @Override
  public void deleteAccount(
      DeleteAccountRequest request, StreamObserver<DeleteAccountResponse> observer) {
    boolean repeatable = !request.getRequestId().isEmpty();
    answerSession(observer, repeatable, session -> accounts.delete(session, request));
  }

  @Override
  public void listAccounts(
      ListAccountsRequest request, StreamObserver<ListAccountsResponse> observer) {
    answerSession(observer, true, session -> accounts.list(session, request));
  }

  @Override
  public void login(LoginRequest request, StreamObserver<LoginResponse> observer) {
    // Repeating a login replaces the session that nobody has attached: harmless.
    Caller caller = SessionInterceptor.current();
    answer(observer, true, () -> sessions.login(caller, request));
  }

  @Override
  public void changePassword(
      ChangePasswordRequest request, StreamObserver<ChangePasswordResponse> observer) {
    boolean repeatable = !request.getRequestId().isEmpty();
    Caller caller = SessionInterceptor.current();
    answerSession(
        observer, repeatable, session -> sessions.changePassword(caller, session, request));
  }

  @Override
  public void logout(LogoutRequest request, StreamObserver<LogoutResponse> observer) {
    answerSession(observer, true, sessions::logout);
  }

  @Override
  public void sendMessage(
      SendMessageRequest request, StreamObserver<SendMessageResponse> observer) {
    boolean repeatable = !request.getRequestId().isEmpty();
    answerSession(observer, repeatable, session -> messages.send(session, request));
  }

  @Override
  public StreamObserver<SendMessagesRequest> sendMessages(
      StreamObserver<SendMessagesResponse> observer) {
    try {
      proposals.checkPrimary();
      SessionKey session = requireSession();
      return new SendPipeline(
          (ServerCallStreamObserver<SendMessagesResponse>) observer,
          messages.openSender(session),
          limits,
          new SerialExecutor(proposals.threads()));
    } catch (RuntimeException e) {
      observer.onError(ErrorMapping.status(e, true));
      return new IgnoredRequests<>();
    }
  }

  @Override
  public void receiveMessages(
      ReceiveMessagesRequest request, StreamObserver<ReceiveMessagesResponse> observer) {
    receive(request, (ServerCallStreamObserver<ReceiveMessagesResponse>) observer);
  }

  private void receive(
      ReceiveMessagesRequest request, ServerCallStreamObserver<ReceiveMessagesResponse> call) {
    try {
      proposals.checkPrimary();
      SessionKey session = requireSession();
      Validation.messageId("after_message_id", request.getAfterMessageId());
      streams.open(session, request.getAfterMessageId(), call);
    } catch (RuntimeException e) {
      call.onError(ErrorMapping.status(e, true));
    }
  }

  @Override
  public void fetchMessages(
      FetchMessagesRequest request, StreamObserver<FetchMessagesResponse> observer) {
    answerSession(observer, true, session -> messages.fetch(session, request));
  }

  @Override
  public void acknowledgeMessages(
      AcknowledgeMessagesRequest request, StreamObserver<AcknowledgeMessagesResponse> observer) {
    answerSession(observer, true, session -> messages.acknowledge(session, request));
  }

  @Override
  public void listMessages(
      ListMessagesRequest request, StreamObserver<ListMessagesResponse> observer) {
    answerSession(observer, true, session -> messages.list(session, request));
  }

  @Override
  public void getClusterStatus(
      GetClusterStatusRequest request, StreamObserver<GetClusterStatusResponse> observer) {
    UnaryCall.answer(observer, true, () -> CompletableFuture.completedFuture(cluster.status()));
  }

  private <T> void answer(
      StreamObserver<T> observer, boolean repeatable, Supplier<CompletableFuture<T>> work) {
    UnaryCall.answer(
        observer,
        repeatable,
        () -> {
          proposals.checkPrimary();
          return work.get();
        });
  }

  private <T> void answerSession(
      StreamObserver<T> observer,
      boolean repeatable,
      Function<SessionKey, CompletableFuture<T>> work) {
    answer(observer, repeatable, () -> work.apply(requireSession()));
  }

  private static SessionKey requireSession() {
    SessionKey session = SessionInterceptor.current().session();
    if (session == null) {
      throw Refusal.of(
              ErrorReason.NO_SESSION,
              "This call needs a session: log in and send 'authorization: Bearer TOKEN'.")
          .asException();
    }
    return session;
  }

  /** Takes what a client still sends on a call that has been refused. */
  private static final class IgnoredRequests<T> implements StreamObserver<T> {
    @Override
    public void onNext(T request) {}

    @Override
    public void onError(Throwable cancelled) {}

    @Override
    public void onCompleted() {}
  }
}
