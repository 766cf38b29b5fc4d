package chat.server.api;

import static chat.server.api.ApiHarness.PASSWORD;
import static chat.server.api.ApiHarness.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import chat.common.ErrorReason;
import chat.server.chat.Command;
import chat.v1.ChatServiceGrpc;
import chat.v1.FetchMessagesRequest;
import chat.v1.LoginRequest;
import chat.v1.LoginResponse;
import chat.v1.LogoutRequest;
import io.grpc.Context;
import io.grpc.Status.Code;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SessionsTest {
  private final ApiHarness api = new ApiHarness();

  @AfterEach
  void close() {
    api.close();
  }

  @Test
  void aLoginAnswersATokenAndWhatWaits() {
    String ann = api.user("ann");
    api.create("bob");
    var unused = api.send(ann, "bob", "hello");
    LoginResponse bob = login("BOB", PASSWORD, false);
    assertThat(bob.getSessionToken()).hasSize(43);
    assertThat(bob.getUndeliveredCount()).isEqualTo(1);
    assertThat(bob.getExpireTime().getSeconds())
        .isGreaterThan(System.currentTimeMillis() / 1000 + TimeUnit.DAYS.toSeconds(29));
  }

  @Test
  void anUnknownNameAndAWrongPasswordAreAnsweredAlike() {
    api.create("ann");
    Throwable unknown = catchThrowable(() -> login("nobody", PASSWORD, false));
    Throwable wrong = catchThrowable(() -> login("ann", "wrong", false));
    assertRefused(unknown, Code.UNAUTHENTICATED, ErrorReason.BAD_CREDENTIALS);
    assertRefused(wrong, Code.UNAUTHENTICATED, ErrorReason.BAD_CREDENTIALS);
    assertThat(unknown).hasMessage(wrong.getMessage());
  }

  @Test
  void aSessionThatNobodyAttachedIsReplacedAndItsTokenSaysSo() {
    String old = api.user("ann");
    String fresh = api.login("ann");
    assertRefused(() -> use(old), Code.UNAUTHENTICATED, ErrorReason.SESSION_TAKEN_OVER);
    use(fresh);
  }

  @Test
  void loginsThatTheirClientsHaveGivenUpAreNotCarriedOut() {
    Limits limits = ApiHarness.limits().passwordThreads(1).build();
    try (ApiHarness slow = new ApiHarness(limits, new PasswordCost(32 * 1024, 3, 1))) {
      slow.create("ann");
      LoginRequest login =
          LoginRequest.newBuilder().setUsername("ann").setPassword(PASSWORD).build();
      Context.CancellableContext clients = Context.current().withCancellation();
      ChatServiceGrpc.ChatServiceFutureStub stub = ChatServiceGrpc.newFutureStub(slow.channel);
      clients.run(
          () -> {
            for (int i = 0; i < 30; i++) {
              var unused = stub.login(login);
            }
          });
      clients.cancel(null);
      assertThat(slow.login("ann")).isNotEmpty();
      // Beside the last one, those that were being looked at.
      assertThat(slow.backend.applied.stream().filter(c -> c instanceof Command.Login).count())
          .isLessThan(10);
    }
  }

  @Test
  void anAttachedSessionIsReplacedOnlyByATakeOver() {
    String old = api.user("ann");
    ReceivedEvents stream = api.receive(old, 0).awaitCaughtUp();
    assertRefused(
        () -> login("ann", PASSWORD, false),
        Code.FAILED_PRECONDITION,
        ErrorReason.ALREADY_LOGGED_IN);
    use(login("ann", PASSWORD, true).getSessionToken());
    assertRefused(stream.awaitEnd(), Code.UNAUTHENTICATED, ErrorReason.SESSION_TAKEN_OVER);
  }

  @Test
  void afterLogoutTheTokenIsWorthless() {
    String token = api.user("ann");
    var unused = api.as(token).logout(LogoutRequest.getDefaultInstance());
    assertRefused(() -> use(token), Code.UNAUTHENTICATED, ErrorReason.NO_SESSION);
    assertRefused(
        () -> {
          var unusedAgain = api.as(token).logout(LogoutRequest.getDefaultInstance());
        },
        Code.UNAUTHENTICATED,
        ErrorReason.NO_SESSION);
  }

  @Test
  void aCallWithoutATokenIsRefused() {
    assertRefused(
        () -> {
          var unused = api.anonymous().fetchMessages(FetchMessagesRequest.getDefaultInstance());
        },
        Code.UNAUTHENTICATED,
        ErrorReason.NO_SESSION);
  }

  @Test
  void anUnusedSessionExpires() {
    String token = api.user("ann");
    api.backend.advanceMicros(TimeUnit.DAYS.toMicros(31));
    assertRefused(() -> use(token), Code.UNAUTHENTICATED, ErrorReason.SESSION_EXPIRED);
    assertRefused(
        () -> api.send(token, "ann", "hello"), Code.UNAUTHENTICATED, ErrorReason.SESSION_EXPIRED);
  }

  @Test
  void useOfASessionIsLoggedOnceADay() {
    String token = api.user("ann");
    use(token);
    assertThat(touches()).isZero();
    api.backend.advanceMicros(TimeUnit.DAYS.toMicros(2));
    use(token);
    await().until(() -> touches() == 1);
    use(token);
    api.backend.advanceMicros(TimeUnit.DAYS.toMicros(29));
    use(token);
    assertThat(touches()).isLessThanOrEqualTo(2);
  }

  @Test
  void anOpenStreamIsUseOfItsSession() {
    String token = api.user("ann");
    ReceivedEvents stream = api.receive(token, 0).awaitCaughtUp();
    for (int touched = 1; touched <= 3; touched++) {
      api.backend.advanceMicros(TimeUnit.DAYS.toMicros(20));
      int expected = touched;
      await().until(() -> touches() == expected);
    }
    assertThat(stream.isOpen()).isTrue();
    use(token);
  }

  private long touches() {
    return api.backend.applied.stream().filter(c -> c instanceof Command.TouchSession).count();
  }

  private void use(String token) {
    var unused = api.as(token).fetchMessages(FetchMessagesRequest.getDefaultInstance());
  }

  private LoginResponse login(String name, String password, boolean takeOver) {
    return api.anonymous()
        .login(
            LoginRequest.newBuilder()
                .setUsername(name)
                .setPassword(password)
                .setTakeOver(takeOver)
                .build());
  }
}
