package chat.client;

import chat.common.ErrorReason;
import chat.v1.Account;
import chat.v1.AcknowledgeMessagesRequest;
import chat.v1.AcknowledgeMessagesResponse;
import chat.v1.ChangePasswordRequest;
import chat.v1.ChangePasswordResponse;
import chat.v1.ChatServiceGrpc;
import chat.v1.CreateAccountRequest;
import chat.v1.CreateAccountResponse;
import chat.v1.DeleteAccountRequest;
import chat.v1.DeleteAccountResponse;
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
import chat.v1.SendMessagesRequest;
import chat.v1.SendMessagesResponse;
import chat.v1.ServerRole;
import chat.v1.ServerStatus;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The chat service of one server of a {@link FakeCluster}: the rules, as far as a client sees. */
final class FakeChatService extends ChatServiceGrpc.ChatServiceImplBase {
  private static final Context.Key<String> TOKEN = Context.key("token");

  private final FakeCluster cluster;
  private final FakeServer server;
  private final Set<FakeStream> streams = ConcurrentHashMap.newKeySet();
  final AtomicInteger requests = new AtomicInteger();
  volatile int requestBytesMax = 64 * 1024;

  /** What ends a stream with a message that is not even read. */
  volatile Supplier<StatusRuntimeException> farTooLarge = FakeChatService::tooLarge;

  /** What the next answer to a SendMessage or a stream's message does, once. */
  volatile @Nullable Supplier<@Nullable StatusRuntimeException> hostility;

  FakeChatService(FakeCluster cluster, FakeServer server) {
    this.cluster = cluster;
    this.server = server;
  }

  private <R> void answer(StreamObserver<R> out, Supplier<R> body) {
    requests.incrementAndGet();
    try {
      requirePrimary();
      R response = body.get();
      if (server.isFrozen()) {
        return;
      }
      out.onNext(response);
      out.onCompleted();
    } catch (StatusRuntimeException e) {
      out.onError(e);
    }
  }

  private void requirePrimary() {
    if (!server.isPrimary()) {
      int primary = cluster.primaryId();
      throw FakeChat.refusal(
          Status.Code.UNAVAILABLE,
          primary == 0 ? ErrorReason.NO_PRIMARY : ErrorReason.NOT_PRIMARY,
          "Server " + server.id() + " is not the primary.",
          primary == 0
              ? Map.of()
              : Map.of(ErrorReason.PRIMARY_ADDRESS, cluster.server(primary).address()));
    }
  }

  private FakeChat.Account caller() {
    return cluster.chat.session(TOKEN.get());
  }

  @Override
  public void createAccount(CreateAccountRequest in, StreamObserver<CreateAccountResponse> out) {
    answer(
        out,
        () -> {
          cluster.chat.create(in.getUsername(), in.getPassword());
          return CreateAccountResponse.getDefaultInstance();
        });
  }

  @Override
  public void deleteAccount(DeleteAccountRequest in, StreamObserver<DeleteAccountResponse> out) {
    answer(
        out,
        () -> {
          FakeChat.Account account = caller();
          int waiting = account.undelivered().size();
          cluster.chat.delete(account, in.getDiscardUndelivered());
          return DeleteAccountResponse.newBuilder().setDiscardedCount(waiting).build();
        });
  }

  @Override
  public void listAccounts(ListAccountsRequest in, StreamObserver<ListAccountsResponse> out) {
    answer(
        out,
        () -> {
          FakeChat.Account unused = caller();
          // Pages of two, whatever is asked, so that pages are turned.
          List<FakeChat.Account> all =
              cluster.chat.accounts().stream()
                  .filter(a -> a.name.startsWith(in.getFilter().replace("*", "")))
                  .filter(a -> a.name.compareTo(in.getPageToken()) > 0)
                  .toList();
          ListAccountsResponse.Builder page = ListAccountsResponse.newBuilder();
          for (FakeChat.Account account : all.subList(0, Math.min(2, all.size()))) {
            page.addAccounts(
                Account.newBuilder().setUsername(account.name).setOnline(account.attached));
            page.setNextPageToken(all.size() > 2 ? account.name : "");
          }
          return page.build();
        });
  }

  @Override
  public void login(LoginRequest in, StreamObserver<LoginResponse> out) {
    answer(
        out,
        () -> {
          String token = cluster.chat.login(in.getUsername(), in.getPassword(), in.getTakeOver());
          return LoginResponse.newBuilder()
              .setSessionToken(token)
              .setUndeliveredCount(cluster.chat.session(token).undelivered().size())
              .build();
        });
  }

  @Override
  public void logout(LogoutRequest in, StreamObserver<LogoutResponse> out) {
    answer(
        out,
        () -> {
          caller().token = "";
          return LogoutResponse.getDefaultInstance();
        });
  }

  @Override
  public void changePassword(ChangePasswordRequest in, StreamObserver<ChangePasswordResponse> out) {
    answer(
        out,
        () ->
            ChangePasswordResponse.newBuilder()
                .setSessionToken(
                    cluster.chat.changePassword(caller(), in.getOldPassword(), in.getNewPassword()))
                .build());
  }

  private SendMessageResponse accept(
      FakeChat.Account from, String recipient, String text, String requestId) {
    Supplier<@Nullable StatusRuntimeException> hostile = hostility;
    if (hostile != null) {
      hostility = null;
      StatusRuntimeException error = hostile.get();
      if (error != null) {
        throw error;
      }
    }
    boolean duplicate = cluster.chat.knows(requestId);
    Message message = cluster.chat.send(from.name, recipient, text, requestId);
    cluster.servers().forEach(each -> each.pushIfUp());
    return SendMessageResponse.newBuilder()
        .setMessageId(message.getMessageId())
        .setSentTime(message.getSentTime())
        .setDelivery(Delivery.DELIVERY_QUEUED)
        .setDuplicate(duplicate)
        .build();
  }

  static StatusRuntimeException tooLarge() {
    return FakeChat.refusal(
        Status.Code.RESOURCE_EXHAUSTED, ErrorReason.REQUEST_TOO_LARGE, "Too large.");
  }

  @Override
  public void sendMessage(SendMessageRequest in, StreamObserver<SendMessageResponse> out) {
    answer(out, () -> accept(caller(), in.getRecipient(), in.getText(), in.getRequestId()));
  }

  @Override
  public StreamObserver<SendMessagesRequest> sendMessages(
      StreamObserver<SendMessagesResponse> out) {
    String token = TOKEN.get();
    return new StreamObserver<>() {
      private boolean over;

      @Override
      public void onNext(SendMessagesRequest in) {
        if (over || server.isFrozen()) {
          return;
        }
        requests.incrementAndGet();
        if (in.getSerializedSize() > 4 * requestBytesMax) {
          // More than the server wants to read: the end of the whole stream.
          over = true;
          out.onError(farTooLarge.get());
          return;
        }
        SendMessagesResponse.Builder response =
            SendMessagesResponse.newBuilder().setRequestId(in.getRequestId());
        try {
          requirePrimary();
          if (in.getSerializedSize() > requestBytesMax) {
            throw tooLarge();
          }
          response.setAccepted(
              accept(
                  cluster.chat.session(token), in.getRecipient(), in.getText(), in.getRequestId()));
        } catch (StatusRuntimeException e) {
          if (e.getStatus().getCode() == Status.Code.UNAVAILABLE) {
            over = true;
            out.onError(e);
            return;
          }
          response.setError(StatusProto.fromThrowable(e));
        }
        out.onNext(response.build());
      }

      @Override
      public void onError(Throwable t) {
        over = true;
      }

      @Override
      public void onCompleted() {
        if (!over) {
          out.onCompleted();
        }
      }
    };
  }

  @Override
  public void receiveMessages(
      ReceiveMessagesRequest in, StreamObserver<ReceiveMessagesResponse> out) {
    requests.incrementAndGet();
    try {
      requirePrimary();
      FakeStream stream =
          new FakeStream(cluster.chat, server, caller(), in.getAfterMessageId(), out);
      streams.add(stream);
      stream.begin();
    } catch (StatusRuntimeException e) {
      out.onError(e);
    }
  }

  void push() {
    streams.forEach(FakeStream::push);
  }

  void endStreams() {
    streams.forEach(
        stream ->
            stream.end(Status.UNAVAILABLE.withDescription("Not primary.").asRuntimeException()));
    streams.clear();
  }

  Set<FakeStream> streams() {
    return streams;
  }

  @Override
  public void fetchMessages(FetchMessagesRequest in, StreamObserver<FetchMessagesResponse> out) {
    answer(
        out,
        () -> {
          List<Message> waiting = caller().undelivered();
          int size = in.getPageSize() == 0 ? 50 : in.getPageSize();
          List<Message> page = waiting.subList(0, Math.min(size, waiting.size()));
          return FetchMessagesResponse.newBuilder()
              .addAllMessages(page)
              .setRemainingCount(waiting.size() - page.size())
              .build();
        });
  }

  @Override
  public void acknowledgeMessages(
      AcknowledgeMessagesRequest in, StreamObserver<AcknowledgeMessagesResponse> out) {
    answer(
        out,
        () -> {
          cluster.chat.acknowledge(caller(), in.getMessageId());
          return AcknowledgeMessagesResponse.getDefaultInstance();
        });
  }

  @Override
  public void listMessages(ListMessagesRequest in, StreamObserver<ListMessagesResponse> out) {
    answer(
        out,
        () ->
            ListMessagesResponse.newBuilder()
                .addAllMessages(cluster.chat.history(caller().name, in.getPeer()))
                .build());
  }

  @Override
  public void getClusterStatus(
      GetClusterStatusRequest in, StreamObserver<GetClusterStatusResponse> out) {
    GetClusterStatusResponse.Builder status =
        GetClusterStatusResponse.newBuilder()
            .setPrimaryId(cluster.primaryId())
            .setEpoch(7)
            .setSurvivableCrashes(2)
            .setSummary("Any two servers may crash.");
    for (FakeServer each : cluster.servers()) {
      ServerRole role =
          !each.isUp()
              ? ServerRole.SERVER_ROLE_UNREACHABLE
              : each.isPrimary() ? ServerRole.SERVER_ROLE_PRIMARY : ServerRole.SERVER_ROLE_BACKUP;
      status.addServers(
          ServerStatus.newBuilder()
              .setServerId(each.id())
              .setAddress(each.address())
              .setRole(role)
              .setReachable(each.isUp()));
    }
    out.onNext(status.build());
    out.onCompleted();
  }

  /** Reads the token from the metadata. */
  static final class Tokens implements ServerInterceptor {
    private static final Metadata.Key<String> AUTHORIZATION =
        Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
      String header = headers.get(AUTHORIZATION);
      String token = header == null ? "" : header.replaceFirst("^Bearer ", "");
      return Contexts.interceptCall(Context.current().withValue(TOKEN, token), call, headers, next);
    }
  }
}
