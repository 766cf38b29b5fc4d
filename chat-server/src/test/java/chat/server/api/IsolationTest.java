package chat.server.api;

import static chat.server.api.ApiHarness.PASSWORD;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import chat.common.ErrorReason;
import chat.server.chat.Command;
import chat.v1.AcknowledgeMessagesRequest;
import chat.v1.ChangePasswordRequest;
import chat.v1.ChatServiceGrpc;
import chat.v1.CreateAccountRequest;
import chat.v1.DeleteAccountRequest;
import chat.v1.FetchMessagesRequest;
import chat.v1.FetchMessagesResponse;
import chat.v1.GetClusterStatusRequest;
import chat.v1.ListAccountsRequest;
import chat.v1.ListMessagesRequest;
import chat.v1.LoginRequest;
import chat.v1.LogoutRequest;
import chat.v1.Message;
import chat.v1.ReceiveMessagesRequest;
import chat.v1.SendMessageRequest;
import chat.v1.SendMessagesRequest;
import com.google.protobuf.MessageLite;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every RPC with every credential that is not the one it takes: nobody reads, acknowledges or
 * deletes what is another's. The list of RPCs is the service's own: one that is added needs a row
 * here.
 */
class IsolationTest {
  private static final Map<String, MessageLite> ROWS = rows();

  private final ApiHarness api = new ApiHarness();
  private String ann = "";
  private String bob = "";

  /** What each RPC is asked with; what is written in them would hurt bob if it were believed. */
  private static Map<String, MessageLite> rows() {
    Map<String, MessageLite> rows = new HashMap<>();
    rows.put(
        "DeleteAccount", DeleteAccountRequest.newBuilder().setDiscardUndelivered(true).build());
    rows.put("ListAccounts", ListAccountsRequest.getDefaultInstance());
    rows.put("Logout", LogoutRequest.getDefaultInstance());
    rows.put(
        "ChangePassword",
        ChangePasswordRequest.newBuilder()
            .setOldPassword(PASSWORD)
            .setNewPassword("another one")
            .build());
    rows.put(
        "SendMessage",
        SendMessageRequest.newBuilder().setRecipient("bob").setText("forged").build());
    rows.put(
        "SendMessages",
        SendMessagesRequest.newBuilder()
            .setRecipient("bob")
            .setText("forged")
            .setRequestId("r")
            .build());
    rows.put("ReceiveMessages", ReceiveMessagesRequest.getDefaultInstance());
    rows.put("FetchMessages", FetchMessagesRequest.getDefaultInstance());
    rows.put(
        "AcknowledgeMessages",
        AcknowledgeMessagesRequest.newBuilder().setMessageId(Long.MAX_VALUE).build());
    rows.put("ListMessages", ListMessagesRequest.newBuilder().setPeer("ann").build());
    // These take no session: with any credential, good or bad, they do the same as with none.
    rows.put(
        "CreateAccount",
        CreateAccountRequest.newBuilder().setUsername("bob").setPassword("another one").build());
    rows.put(
        "Login", LoginRequest.newBuilder().setUsername("bob").setPassword("another one").build());
    rows.put("GetClusterStatus", GetClusterStatusRequest.getDefaultInstance());
    return rows;
  }

  private static final Map<String, ErrorReason> WITHOUT_SESSION =
      Map.of("CreateAccount", ErrorReason.USERNAME_TAKEN, "Login", ErrorReason.BAD_CREDENTIALS);

  /** A credential that is not good, and what is said to it. */
  private enum Credential {
    NONE(ErrorReason.NO_SESSION),
    GARBAGE(ErrorReason.NO_SESSION),
    EXPIRED(ErrorReason.SESSION_EXPIRED),
    TAKEN_OVER(ErrorReason.SESSION_TAKEN_OVER),
    LOGGED_OUT(ErrorReason.NO_SESSION),
    AFTER_A_CHANGE_OF_PASSWORD(ErrorReason.SESSION_TAKEN_OVER),
    OF_A_DELETED_ACCOUNT(ErrorReason.NO_SESSION),
    OF_A_DELETED_ACCOUNT_WHOSE_NAME_WAS_MADE_AGAIN(ErrorReason.NO_SESSION);

    private final ErrorReason reason;

    Credential(ErrorReason reason) {
      this.reason = reason;
    }
  }

  static Stream<Arguments> cells() {
    return methods()
        .flatMap(
            method ->
                Stream.of(Credential.values())
                    .map(c -> Arguments.of(method.getBareMethodName(), c)));
  }

  static Stream<String> names() {
    return methods().map(MethodDescriptor::getBareMethodName);
  }

  private static Stream<MethodDescriptor<?, ?>> methods() {
    return ChatServiceGrpc.getServiceDescriptor().getMethods().stream();
  }

  @BeforeEach
  void twoWhoWroteToEachOther() {
    ann = api.user("ann");
    bob = api.user("bob");
    var unused = api.send(ann, "bob", "for bob alone");
    var unusedToo = api.send(bob, "ann", "for ann alone");
  }

  @AfterEach
  void close() {
    api.close();
  }

  @Test
  void thereIsARowForEveryRpc() {
    assertThat(ROWS.keySet()).containsExactlyInAnyOrderElementsOf(names().toList());
  }

  @ParameterizedTest
  @MethodSource("cells")
  void aCredentialThatIsNotGoodDoesNothing(String rpc, Credential credential) throws Exception {
    String owner = bob;
    String token = token(credential);
    if (credential == Credential.EXPIRED) {
      // It went with all others; the owner comes back.
      owner = api.login("bob");
    }
    int written = api.backend.applied.size();
    Answer answer = call(rpc, token);
    if (rpc.equals("GetClusterStatus")) {
      assertThat(answer.failure()).isNull();
    } else {
      ErrorReason reason = WITHOUT_SESSION.getOrDefault(rpc, credential.reason);
      assertThat(answer.failure()).isNotNull();
      ApiHarness.assertRefused(
          Objects.requireNonNull(answer.failure()), ErrorMapping.code(reason), reason);
      assertThat(answer.messages()).isEmpty();
    }
    assertThat(api.backend.applied.subList(written, api.backend.applied.size()))
        .as("what the log grew by")
        .allMatch(
            command ->
                // The first is one that needs no session, the second the server's own.
                command instanceof Command.CreateAccount
                    || command instanceof Command.ExpireStreams);
    bobHasWhatHeHad(owner);
  }

  /**
   * Of a live session of another account: it does what it does to its own account, and no other.
   */
  @ParameterizedTest
  @MethodSource("names")
  void theSessionOfAnotherReachesItsOwnAccountOnly(String rpc) throws Exception {
    Answer answer = call(rpc, ann);
    for (Object message : answer.messages()) {
      assertThat(message.toString()).doesNotContain("for bob alone\"\n  sender: \"bob");
      if (rpc.equals("FetchMessages") || rpc.equals("ReceiveMessages")) {
        assertThat(message.toString()).doesNotContain("for bob alone");
      }
    }
    if (rpc.startsWith("SendMessage")) {
      await().until(() -> fetched(bob).size() == 2);
      assertThat(fetched(bob).get(1).getSender()).as("whose message it is").isEqualTo("ann");
      acknowledge(bob, fetched(bob).get(1).getMessageId());
    } else {
      bobHasWhatHeHad(bob);
    }
    if (!rpc.equals("DeleteAccount")) {
      assertThat(api.login("bob")).isNotEmpty();
    }
  }

  /** History is of two: a third who asks for it gets the own one. */
  @Test
  void aThirdSeesNothingOfWhatTwoWrote() {
    String eve = api.user("eve");
    for (String peer : List.of("ann", "bob")) {
      assertThat(
              api.as(eve)
                  .listMessages(ListMessagesRequest.newBuilder().setPeer(peer).build())
                  .getMessagesList())
          .isEmpty();
    }
    // A page token is no key either: ann's, in eve's hands.
    var unused = api.send(ann, "bob", "and another");
    String page =
        api.as(ann)
            .listMessages(ListMessagesRequest.newBuilder().setPeer("bob").setPageSize(1).build())
            .getNextPageToken();
    assertThat(page).isNotEmpty();
    ApiHarness.assertRefused(
        () -> {
          var unusedToo =
              api.as(eve)
                  .listMessages(
                      ListMessagesRequest.newBuilder().setPeer("bob").setPageToken(page).build());
        },
        Status.Code.INVALID_ARGUMENT,
        ErrorReason.BAD_PAGE_TOKEN);
  }

  /** Whoever makes an account under an old name has nothing of what the old one had. */
  @Test
  void aNameMadeAgainHasNothingOfTheOldOne() {
    var unused =
        api.as(bob)
            .deleteAccount(DeleteAccountRequest.newBuilder().setDiscardUndelivered(true).build());
    String again = api.user("bob");
    assertThat(fetched(again)).isEmpty();
    assertThat(
            api.as(again)
                .listMessages(ListMessagesRequest.newBuilder().setPeer("ann").build())
                .getMessagesList())
        .isEmpty();
  }

  private @Nullable String token(Credential credential) {
    return switch (credential) {
      case NONE -> null;
      case GARBAGE -> "A".repeat(43);
      case EXPIRED -> {
        api.backend.advanceMicros(TimeUnit.DAYS.toMicros(31));
        yield ann;
      }
      case TAKEN_OVER -> {
        var unused = api.login("ann");
        yield ann;
      }
      case LOGGED_OUT -> {
        var unused = api.as(ann).logout(LogoutRequest.getDefaultInstance());
        yield ann;
      }
      case AFTER_A_CHANGE_OF_PASSWORD -> {
        var unused =
            api.as(ann)
                .changePassword(
                    ChangePasswordRequest.newBuilder()
                        .setOldPassword(PASSWORD)
                        .setNewPassword("a new password")
                        .setRequestId("changed")
                        .build());
        yield ann;
      }
      case OF_A_DELETED_ACCOUNT -> deleteAnn();
      case OF_A_DELETED_ACCOUNT_WHOSE_NAME_WAS_MADE_AGAIN -> {
        String old = deleteAnn();
        var unused = api.user("ann");
        yield old;
      }
    };
  }

  private String deleteAnn() {
    var unused =
        api.as(ann)
            .deleteAccount(
                DeleteAccountRequest.newBuilder()
                    .setDiscardUndelivered(true)
                    .setRequestId("deleted")
                    .build());
    return ann;
  }

  private void bobHasWhatHeHad(String token) {
    List<Message> waiting = fetched(token);
    assertThat(waiting).extracting(Message::getText).containsExactly("for bob alone");
    assertThat(waiting.get(0).getSender()).isEqualTo("ann");
  }

  private List<Message> fetched(String token) {
    FetchMessagesResponse page =
        api.as(token).fetchMessages(FetchMessagesRequest.getDefaultInstance());
    return page.getMessagesList();
  }

  private void acknowledge(String token, long id) {
    var unused =
        api.as(token)
            .acknowledgeMessages(AcknowledgeMessagesRequest.newBuilder().setMessageId(id).build());
  }

  private record Answer(List<Object> messages, @Nullable StatusRuntimeException failure) {}

  /** Calls any RPC; of a stream that goes on, what comes until it has caught up. */
  private Answer call(String rpc, @Nullable String token) throws Exception {
    MethodDescriptor<?, ?> found =
        methods().filter(m -> m.getBareMethodName().equals(rpc)).findFirst().orElseThrow();
    @SuppressWarnings("unchecked")
    MethodDescriptor<Object, Object> method = (MethodDescriptor<Object, Object>) found;
    List<Object> messages = new CopyOnWriteArrayList<>();
    CompletableFuture<Answer> answer = new CompletableFuture<>();
    ClientCall<Object, Object> call =
        api.channel.newCall(method, CallOptions.DEFAULT.withDeadlineAfter(20, TimeUnit.SECONDS));
    Metadata headers = new Metadata();
    if (token != null) {
      headers.put(
          Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + token);
    }
    call.start(
        new ClientCall.Listener<>() {
          @Override
          public void onMessage(Object message) {
            if (message.toString().contains("caught_up")) {
              answer.complete(new Answer(new ArrayList<>(messages), null));
            }
            messages.add(message);
          }

          @Override
          public void onClose(Status status, Metadata trailers) {
            answer.complete(
                new Answer(messages, status.isOk() ? null : status.asRuntimeException(trailers)));
          }
        },
        headers);
    call.request(1_000);
    MessageLite request = ROWS.get(rpc);
    assertThat(request).as("the row of %s", rpc).isNotNull();
    call.sendMessage(request);
    call.halfClose();
    try {
      return answer.get(20, TimeUnit.SECONDS);
    } finally {
      call.cancel("seen", null);
    }
  }
}
