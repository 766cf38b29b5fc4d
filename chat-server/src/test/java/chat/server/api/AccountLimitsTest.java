package chat.server.api;

import static chat.server.api.ApiHarness.PASSWORD;
import static chat.server.api.ApiHarness.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import chat.common.ErrorReason;
import chat.server.chat.Command;
import chat.v1.CreateAccountRequest;
import chat.v1.LoginRequest;
import chat.v1.SendMessageRequest;
import chat.v1.SendMessageResponse;
import chat.v1.SendMessagesRequest;
import chat.v1.SendMessagesResponse;
import com.google.rpc.RetryInfo;
import io.grpc.Status.Code;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What one account, one address or one server takes, and what is said beyond. */
class AccountLimitsTest {
  private final ExecutorService threads = Executors.newFixedThreadPool(40);
  private @Nullable ApiHarness opened;

  private ApiHarness open(Throttling throttling, int callsMax, int sendStreams) {
    ApiHarness api =
        new ApiHarness(
            ApiHarness.limits()
                .throttling(throttling)
                .calls(
                    new CallLimits(
                        callsMax,
                        1_000,
                        sendStreams,
                        1 << 20,
                        Duration.ofSeconds(60),
                        Duration.ofSeconds(60)))
                .build());
    opened = api;
    return api;
  }

  @AfterEach
  void close() {
    threads.shutdownNow();
    if (opened != null) {
      opened.close();
    }
  }

  @Test
  void anAccountThatSendsTooFastIsRefusedBeforeAnythingIsAppendedAndAnotherIsNot() {
    ApiHarness api = open(new Throttling(1, 3, 0, 1, 5), 100, 10);
    String ann = api.user("ann");
    String bob = api.user("bob");
    for (int i = 0; i < 3; i++) {
      var unused = api.send(ann, "bob", "hello");
    }
    assertRefused(
        () -> api.send(ann, "bob", "hello"), Code.RESOURCE_EXHAUSTED, ErrorReason.RATE_LIMITED);
    assertThat(api.backend.applied.stream().filter(c -> c instanceof Command.SendMessage))
        .hasSize(3);
    var unused = api.send(bob, "ann", "hello");
    // And after the time that was asked for it goes on.
    await().atMost(Duration.ofSeconds(20)).until(() -> mayNow(api, ann));
  }

  private static boolean mayNow(ApiHarness api, String token) {
    try {
      var unused = api.send(token, "bob", "hello");
      return true;
    } catch (io.grpc.StatusRuntimeException e) {
      assertThat(ApiHarness.detail(e, RetryInfo.class)).isPresent();
      return false;
    }
  }

  @Test
  void aStreamThatSendsTooFastEndsWithoutAGap() {
    ApiHarness api = open(new Throttling(1, 3, 0, 1, 5), 100, 10);
    String ann = api.user("ann");
    api.create("bob");
    Sending stream = new Sending(api, ann);
    for (int i = 0; i < 10; i++) {
      stream.send("r" + i);
    }
    await().atMost(Duration.ofSeconds(20)).until(() -> stream.end.get() != null);
    assertRefused(
        Objects.requireNonNull(stream.end.get()),
        Code.RESOURCE_EXHAUSTED,
        ErrorReason.RATE_LIMITED);
    assertThat(ApiHarness.detail(Objects.requireNonNull(stream.end.get()), RetryInfo.class))
        .isPresent();
    List<String> sent =
        api.backend.applied.stream()
            .filter(c -> c instanceof Command.SendMessage)
            .map(c -> ((Command.SendMessage) c).requestId())
            .toList();
    List<String> first = new ArrayList<>();
    for (int i = 0; i < sent.size(); i++) {
      first.add("r" + i);
    }
    assertThat(sent).as("the first ones, in order").isEqualTo(first).hasSizeBetween(3, 4);
  }

  @Test
  void anAddressMakesSoManyAccountsAndNoMore() {
    ApiHarness api = open(new Throttling(0, 1, 1, 2, 5), 100, 10);
    api.create("ann");
    api.create("bob");
    assertRefused(() -> api.create("cid"), Code.RESOURCE_EXHAUSTED, ErrorReason.RATE_LIMITED);
    assertThat(api.login("bob")).isNotEmpty();
  }

  @Test
  void noPasswordIsGuessedByRepeatingTheCreationOfItsAccount() {
    ApiHarness api = open(new Throttling(0, 1, 0, 1, 2), 100, 10);
    createAnn(api, PASSWORD);
    for (int i = 0; i < 3; i++) {
      String guess = "not this one " + i;
      assertRefused(
          () -> createAnn(api, guess), Code.INVALID_ARGUMENT, ErrorReason.REQUEST_ID_REUSED);
    }
    assertRefused(
        () -> createAnn(api, PASSWORD), Code.RESOURCE_EXHAUSTED, ErrorReason.RATE_LIMITED);
    assertRefused(
        () -> login(api, "ann", PASSWORD), Code.RESOURCE_EXHAUSTED, ErrorReason.RATE_LIMITED);
  }

  private static void createAnn(ApiHarness api, String password) {
    var unused =
        api.anonymous()
            .createAccount(
                CreateAccountRequest.newBuilder()
                    .setUsername("ann")
                    .setPassword(password)
                    .setRequestId("create-ann")
                    .build());
  }

  @Test
  void tooManyWrongPasswordsAreRefusedAlikeWhetherTheAccountExists() {
    ApiHarness api = open(new Throttling(0, 1, 0, 1, 2), 100, 10);
    api.create("ann");
    for (String name : List.of("ann", "nobody")) {
      for (int i = 0; i < 3; i++) {
        assertRefused(
            () -> login(api, name, "not this one"),
            Code.UNAUTHENTICATED,
            ErrorReason.BAD_CREDENTIALS);
      }
      assertRefused(
          () -> login(api, name, PASSWORD), Code.RESOURCE_EXHAUSTED, ErrorReason.RATE_LIMITED);
    }
  }

  @Test
  void ofManyWhoLogInAtOnceWithTheRightPasswordNobodyIsToldThatItWasWrong() {
    ApiHarness api = open(new Throttling(0, 1, 0, 1, 1), 100, 10);
    api.create("ann");
    CompletableFuture<?>[] all =
        IntStream.range(0, 40)
            .mapToObj(i -> CompletableFuture.runAsync(() -> login(api, "ann", PASSWORD), threads))
            .toArray(CompletableFuture<?>[]::new);
    CompletableFuture.allOf(all).join();
  }

  private static void login(ApiHarness api, String name, String password) {
    var unused =
        api.anonymous()
            .login(LoginRequest.newBuilder().setUsername(name).setPassword(password).build());
  }

  @Test
  void anAccountHasSoManyStreamsForSendingAndAPlaceIsFreeWhenOneEnds() {
    ApiHarness api = open(Throttling.DEFAULT, 100, 2);
    String ann = api.user("ann");
    api.create("bob");
    Sending first = new Sending(api, ann);
    Sending second = new Sending(api, ann);
    first.send("r1");
    second.send("r2");
    await().until(() -> first.answers.size() + second.answers.size() == 2);
    Sending third = new Sending(api, ann);
    await().until(() -> third.end.get() != null);
    assertRefused(
        Objects.requireNonNull(third.end.get()), Code.RESOURCE_EXHAUSTED, ErrorReason.RATE_LIMITED);
    first.requests.onCompleted();
    await()
        .until(
            () -> {
              Sending next = new Sending(api, ann);
              next.send("r3");
              await().until(() -> next.end.get() != null || !next.answers.isEmpty());
              return !next.answers.isEmpty();
            });
  }

  @Test
  void aServerHasSoManyCallsOpenAndNoMore() {
    ApiHarness api = open(Throttling.DEFAULT, 2, 10);
    String ann = api.user("ann");
    api.create("bob");
    api.backend.hold(c -> c instanceof Command.SendMessage);
    for (int i = 0; i < 2; i++) {
      api.asyncAs(ann)
          .sendMessage(
              SendMessageRequest.newBuilder().setRecipient("bob").setText("held").build(),
              new Ignored<>());
    }
    await().until(() -> api.backend.heldCount() == 2);
    assertRefused(
        () -> api.send(ann, "bob", "hello"), Code.RESOURCE_EXHAUSTED, ErrorReason.OVERLOADED);
    api.backend.releaseHeld();
    await().ignoreExceptions().until(() -> api.send(ann, "bob", "hello").getMessageId() > 0);
  }

  private static final class Ignored<T> implements StreamObserver<T> {
    @Override
    public void onNext(T value) {}

    @Override
    public void onError(Throwable failure) {}

    @Override
    public void onCompleted() {}
  }

  private static final class Sending implements StreamObserver<SendMessagesResponse> {
    final List<SendMessageResponse> answers = new CopyOnWriteArrayList<>();
    final AtomicReference<@Nullable Throwable> end = new AtomicReference<>();
    final StreamObserver<SendMessagesRequest> requests;

    Sending(ApiHarness api, String token) {
      requests = api.asyncAs(token).sendMessages(this);
    }

    void send(String requestId) {
      requests.onNext(
          SendMessagesRequest.newBuilder()
              .setRecipient("bob")
              .setText("hello")
              .setRequestId(requestId)
              .build());
    }

    @Override
    public void onNext(SendMessagesResponse response) {
      answers.add(response.getAccepted());
    }

    @Override
    public void onError(Throwable failure) {
      end.set(failure);
    }

    @Override
    public void onCompleted() {}
  }
}
