package chat.server.api;

import static chat.server.api.ApiHarness.PASSWORD;
import static chat.server.api.ApiHarness.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import chat.common.ErrorReason;
import chat.server.chat.Command;
import chat.v1.ChangePasswordRequest;
import chat.v1.ChangePasswordResponse;
import chat.v1.FetchMessagesRequest;
import chat.v1.LoginRequest;
import io.grpc.Status.Code;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ChangePasswordTest {
  private static final String NEW = "battery staple";

  private final ApiHarness api = new ApiHarness();

  @AfterEach
  void close() {
    api.close();
  }

  @Test
  void theNewPasswordOpensAndTheOldOneDoesNot() {
    String old = api.user("ann");
    ChangePasswordResponse changed = change(old, PASSWORD, NEW, "");
    assertThat(changed.getSessionToken()).hasSize(43).isNotEqualTo(old);
    assertThat(changed.getDuplicate()).isFalse();
    assertThat(changed.getExpireTime().getSeconds())
        .isGreaterThan(System.currentTimeMillis() / 1000 + TimeUnit.DAYS.toSeconds(29));
    use(changed.getSessionToken());
    assertRefused(() -> api.login("ann"), Code.UNAUTHENTICATED, ErrorReason.BAD_CREDENTIALS);
    assertThat(login(NEW)).isNotEmpty();
  }

  @Test
  void theOldSessionAndItsStreamEnd() {
    String old = api.user("ann");
    ReceivedEvents stream = api.receive(old, 0).awaitCaughtUp();
    String fresh = change(old, PASSWORD, NEW, "").getSessionToken();
    assertRefused(stream.awaitEnd(), Code.UNAUTHENTICATED, ErrorReason.SESSION_TAKEN_OVER);
    assertRefused(() -> use(old), Code.UNAUTHENTICATED, ErrorReason.SESSION_TAKEN_OVER);
    ReceivedEvents next = api.receive(fresh, 0).awaitCaughtUp();
    next.cancel();
  }

  @Test
  void aWrongOldPasswordChangesNothing() {
    String token = api.user("ann");
    assertRefused(
        () -> change(token, "not this one", NEW, ""),
        Code.UNAUTHENTICATED,
        ErrorReason.BAD_CREDENTIALS);
    use(token);
    assertThat(api.login("ann")).isNotEmpty();
  }

  @Test
  void aNewPasswordThatIsNoneIsRefused() {
    String token = api.user("ann");
    assertRefused(
        () -> change(token, PASSWORD, "short", ""),
        Code.INVALID_ARGUMENT,
        ErrorReason.BAD_PASSWORD);
  }

  @Test
  void aRepeatGetsASessionOfItsOwnAndChangesNothingMore() {
    String old = api.user("ann");
    var unused = change(old, PASSWORD, NEW, "r1");
    ChangePasswordResponse again = change(old, PASSWORD, NEW, "r1");
    assertThat(again.getDuplicate()).isTrue();
    use(again.getSessionToken());
    assertThat(
            api.backend.applied.stream().filter(c -> c instanceof Command.ChangePassword).count())
        .isEqualTo(1);
  }

  @Test
  void aRepeatNeedsTheNewPasswordAndTheSameId() {
    String old = api.user("ann");
    var unused = change(old, PASSWORD, NEW, "r1");
    assertRefused(
        () -> change(old, PASSWORD, "yet another", "r1"),
        Code.UNAUTHENTICATED,
        ErrorReason.BAD_CREDENTIALS);
    assertRefused(
        () -> change(old, PASSWORD, NEW, "r2"),
        Code.UNAUTHENTICATED,
        ErrorReason.SESSION_TAKEN_OVER);
    assertRefused(
        () -> change(old, PASSWORD, NEW, ""), Code.UNAUTHENTICATED, ErrorReason.SESSION_TAKEN_OVER);
  }

  @Test
  void aStolenTokenIsNoWayToGuessThePassword() {
    String token = api.user("ann");
    for (int i = 0; i < Throttling.DEFAULT.loginFailuresFree() + 1; i++) {
      assertRefused(
          () -> change(token, "not this one", NEW, ""),
          Code.UNAUTHENTICATED,
          ErrorReason.BAD_CREDENTIALS);
    }
    assertRefused(
        () -> change(token, "not this one", NEW, ""),
        Code.RESOURCE_EXHAUSTED,
        ErrorReason.RATE_LIMITED);
    use(token);
  }

  private ChangePasswordResponse change(String token, String old, String changed, String id) {
    return api.as(token)
        .changePassword(
            ChangePasswordRequest.newBuilder()
                .setOldPassword(old)
                .setNewPassword(changed)
                .setRequestId(id)
                .build());
  }

  private void use(String token) {
    var unused = api.as(token).fetchMessages(FetchMessagesRequest.getDefaultInstance());
  }

  private String login(String password) {
    return api.anonymous()
        .login(LoginRequest.newBuilder().setUsername("ann").setPassword(password).build())
        .getSessionToken();
  }
}
