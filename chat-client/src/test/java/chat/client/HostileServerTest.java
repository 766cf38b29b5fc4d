package chat.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import chat.common.ErrorReason;
import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Servers that answer what no server should. */
class HostileServerTest {
  private FakeCluster cluster;
  private ChatClient client;
  private ChatSession alice;

  @BeforeEach
  void start() {
    cluster = new FakeCluster(1);
    cluster.promote(1);
    cluster.chat.create("alice", "secret");
    client = cluster.clientBuilder().callTimeout(Duration.ofSeconds(3)).build();
    alice = client.login("alice", "secret").session();
  }

  @AfterEach
  void stop() {
    client.close();
    cluster.close();
  }

  /** The next sends are answered with these errors; those after are accepted. */
  private void answerWith(StatusRuntimeException... errors) {
    Deque<StatusRuntimeException> left = new ArrayDeque<>(List.of(errors));
    FakeChatService service = cluster.primary().service();
    service.hostility = () -> next(service, left);
  }

  private static @Nullable StatusRuntimeException next(
      FakeChatService service, Deque<StatusRuntimeException> left) {
    StatusRuntimeException error = left.poll();
    if (!left.isEmpty()) {
      service.hostility = () -> next(service, left);
    }
    return error;
  }

  private static StatusRuntimeException overloaded() {
    return StatusProto.toStatusRuntimeException(
        com.google.rpc.Status.newBuilder()
            .setCode(Status.Code.RESOURCE_EXHAUSTED.value())
            .setMessage("Too much at once.")
            .addDetails(
                Any.pack(
                    ErrorInfo.newBuilder()
                        .setDomain(ErrorReason.DOMAIN)
                        .setReason(ErrorReason.OVERLOADED.name())
                        .build()))
            .addDetails(
                Any.pack(
                    RetryInfo.newBuilder()
                        .setRetryDelay(
                            com.google.protobuf.Duration.newBuilder().setNanos(50_000_000))
                        .build()))
            .build());
  }

  @Test
  void aBugThatPassesIsNotSeen() {
    answerWith(Status.INTERNAL.asRuntimeException(), Status.UNKNOWN.asRuntimeException());
    assertThat(alice.send("alice", "hello").duplicate()).isFalse();
    assertThat(cluster.chat.inboxTexts("alice")).containsExactly("hello");
  }

  @Test
  void aBugThatStaysLeavesTheOutcomeUnknown() {
    StatusRuntimeException bug = Status.INTERNAL.withDescription("Bug 7.").asRuntimeException();
    answerWith(bug, bug, bug, bug, bug);
    OutcomeUnknownException unknown =
        catchThrowableOfType(OutcomeUnknownException.class, () -> alice.send("alice", "hello"));
    assertThat(unknown)
        .hasMessageContaining(unknown.requestId())
        .hasRootCauseInstanceOf(StatusRuntimeException.class);
  }

  @Test
  void aFullDiskSaysNothingAboutAnEarlierAttempt() throws Exception {
    StatusRuntimeException full =
        FakeChat.refusal(
            Status.Code.RESOURCE_EXHAUSTED, ErrorReason.DISK_FULL, "The disk is full.");
    answerWith(Status.UNAVAILABLE.asRuntimeException(), full);
    try (MessageSender sender = alice.openSender(1)) {
      CompletableFuture<SentMessage> sent = sender.send("alice", "hello");
      sender.flush();
      assertThat(sent).isCompletedExceptionally();
      assertThat(sent.handle((receipt, failure) -> failure).join())
          .isInstanceOf(OutcomeUnknownException.class);
    }
  }

  @Test
  void overloadIsWaitedOut() {
    answerWith(overloaded(), overloaded());
    assertThat(alice.send("alice", "hello").duplicate()).isFalse();
  }

  @Test
  void pipelineKeepsItsOrderThroughOverloadAndBugs() throws Exception {
    answerWith(overloaded(), Status.INTERNAL.asRuntimeException(), overloaded());
    List<CompletableFuture<SentMessage>> receipts = new ArrayList<>();
    try (MessageSender sender = alice.openSender(1)) {
      for (int i = 0; i < 5; i++) {
        receipts.add(sender.send("alice", "message " + i));
      }
    }
    assertThat(receipts).allSatisfy(receipt -> assertThat(receipt).isCompleted());
    assertThat(cluster.chat.inboxTexts("alice"))
        .containsExactly("message 0", "message 1", "message 2", "message 3", "message 4");
  }

  @Test
  void refusalOfOneMessageDoesNotEndThePipeline() throws Exception {
    try (MessageSender sender = alice.openSender(8)) {
      CompletableFuture<SentMessage> refused = sender.send("nobody", "hello");
      CompletableFuture<SentMessage> accepted = sender.send("alice", "hello");
      assertThat(accepted.get().messageId()).isPositive();
      assertThat(catchThrowableOfType(ChatException.class, () -> Answers.await(refused, "")))
          .hasMessage("There is no account nobody.");
    }
  }

  @Test
  void sessionThatEndsFailsThePipelineForGood() throws Exception {
    cluster.chat.session(alice.token()).token = "";
    try (MessageSender sender = alice.openSender(8)) {
      CompletableFuture<SentMessage> refused = sender.send("alice", "hello");
      assertThat(
              catchThrowableOfType(ChatException.class, () -> Answers.await(refused, "")).reason())
          .isEqualTo(ErrorReason.NO_SESSION);
    }
  }

  @Test
  void detailsThatCannotBeReadAreNoDetails() {
    Metadata trailers = new Metadata();
    trailers.put(
        ProtoUtils.keyForProto(com.google.rpc.Status.getDefaultInstance()),
        com.google.rpc.Status.newBuilder()
            .setCode(Status.Code.NOT_FOUND.value())
            .setMessage("odd")
            .addDetails(
                Any.newBuilder()
                    .setTypeUrl("type.googleapis.com/google.rpc.ErrorInfo")
                    .setValue(ByteString.copyFromUtf8("\u0007garbage")))
            .build());
    answerWith(Status.NOT_FOUND.asRuntimeException(trailers));
    ChatException refused =
        catchThrowableOfType(ChatException.class, () -> alice.send("alice", "hello"));
    assertThat(refused.reason()).isEqualTo(ErrorReason.INTERNAL);
    assertThat(refused).isNotInstanceOf(OutcomeUnknownException.class);
  }

  @Test
  void aServerThatAsksForAPauseGetsItAndNobodyElseDoes() {
    Backoff backoff = new Backoff(Duration.ofMillis(1), Duration.ofMillis(1));
    assertThat(ServerError.of(overloaded()).pause(backoff)).isEqualTo(Duration.ofMillis(50));
    assertThat(ServerError.of(Status.INTERNAL.asRuntimeException()).pause(backoff))
        .isEqualTo(Duration.ofMillis(1));
  }

  @Test
  void aRequestThatIsTooLargeIsRefusedAloneAndAnAnswerThatIsLeavesTheOutcomeUnknown()
      throws Exception {
    StatusRuntimeException tooLarge =
        Status.RESOURCE_EXHAUSTED
            .withDescription("gRPC message exceeds maximum size")
            .asRuntimeException();
    answerWith(tooLarge);
    ChatException refused =
        catchThrowableOfType(ChatException.class, () -> alice.send("alice", "x".repeat(100_000)));
    assertThat(refused.reason()).isEqualTo(ErrorReason.BAD_TEXT);
    answerWith(tooLarge, tooLarge, tooLarge);
    assertThat(
            catchThrowableOfType(OutcomeUnknownException.class, () -> alice.send("alice", "small")))
        .isNotNull();
  }

  @Test
  void aMessageThatNoServerTakesDoesNotHoldUpThoseBehindIt() throws Exception {
    // As gRPC itself says it, for a server of an earlier version.
    cluster.primary().service().farTooLarge =
        () -> Status.RESOURCE_EXHAUSTED.withDescription("Too large.").asRuntimeException();
    try (MessageSender sender = alice.openSender(8)) {
      CompletableFuture<SentMessage> before = sender.send("alice", "before");
      CompletableFuture<SentMessage> large = sender.send("alice", "x".repeat(100_000));
      CompletableFuture<SentMessage> huge = sender.send("alice", "x".repeat(300_000));
      CompletableFuture<SentMessage> behind = sender.send("alice", "behind");
      assertThat(before.get().messageId()).isLessThan(behind.get().messageId());
      for (CompletableFuture<SentMessage> refused : List.of(large, huge)) {
        ChatException why =
            catchThrowableOfType(ChatException.class, () -> Answers.await(refused, ""));
        assertThat(why.reason()).isEqualTo(ErrorReason.BAD_TEXT);
      }
    }
    assertThat(cluster.chat.inboxTexts("alice")).containsExactly("before", "behind");
  }

  @Test
  void aServerThatTakesLessThanUsualIsBelievedAtOnce() throws Exception {
    FakeChatService service = cluster.primary().service();
    service.requestBytesMax = 1_000;
    try (MessageSender sender = alice.openSender(8)) {
      CompletableFuture<SentMessage> large = sender.send("alice", "x".repeat(2_000));
      CompletableFuture<SentMessage> huge = sender.send("alice", "x".repeat(10_000));
      CompletableFuture<SentMessage> behind = sender.send("alice", "behind");
      assertThat(behind.get().duplicate()).isFalse();
      for (CompletableFuture<SentMessage> refused : List.of(large, huge)) {
        assertThat(catchThrowableOfType(ChatException.class, () -> Answers.await(refused, "")))
            .isNotInstanceOf(OutcomeUnknownException.class)
            .hasMessageContaining("Too large");
      }
    }
    answerWith(FakeChatService.tooLarge());
    assertThat(catchThrowableOfType(ChatException.class, () -> alice.send("alice", "too large")))
        .isNotInstanceOf(OutcomeUnknownException.class);
    assertThat(cluster.chat.inboxTexts("alice")).containsExactly("behind");
  }

  @Test
  void serversWithoutTlsAreNotWaitedForByAClientThatWantsIt() {
    try (ChatClient encrypted =
        ChatClient.builder()
            .servers(cluster.addresses())
            .tls()
            .callTimeout(Duration.ofMinutes(10))
            .build()) {
      ChatException why =
          assertTimeoutPreemptively(
              Duration.ofMinutes(1),
              () ->
                  catchThrowableOfType(
                      ChatException.class, () -> encrypted.login("alice", "secret")));
      assertThat(why).hasMessageContaining("without TLS");
    }
  }

  @Test
  void reasonsOfALaterServerAreStillErrors() {
    ServerError error =
        ServerError.of(
            com.google.rpc.Status.newBuilder()
                .setCode(Status.Code.FAILED_PRECONDITION.value())
                .setMessage("Something new.")
                .addDetails(
                    Any.pack(
                        ErrorInfo.newBuilder()
                            .setDomain(ErrorReason.DOMAIN)
                            .setReason("SOMETHING_NEW")
                            .build()))
                .build(),
            null);
    assertThat(error.kind()).isEqualTo(ServerError.Kind.DEFINITE);
    assertThat(error.exception()).hasMessage("Something new.");
  }

  @Test
  void addressesThatAServerTellsAreBelievedWithinReason() {
    ServerDirectory remote = new ServerDirectory(List.of("chat.example.org:7401"));
    assertThat(remote.learn(List.of("127.0.0.1:7402", "not an address", "", "h:99999"))).isFalse();
    assertThat(remote.learn(List.of("chat2.example.org:7402"))).isTrue();
    assertThat(remote.servers()).hasSize(2);
    List<String> many = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      many.add("host" + i + ":7401");
    }
    assertThat(remote.learn(many)).isTrue();
    assertThat(remote.servers()).hasSizeLessThanOrEqualTo(16);
  }
}
