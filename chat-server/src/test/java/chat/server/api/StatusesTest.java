package chat.server.api;

import static chat.server.api.ApiHarness.PASSWORD;
import static chat.server.api.ApiHarness.assertRefused;
import static chat.server.api.ApiHarness.detail;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import chat.common.ErrorReason;
import chat.server.chat.Command;
import chat.v1.CreateAccountRequest;
import chat.v1.GetClusterStatusRequest;
import chat.v1.GetClusterStatusResponse;
import chat.v1.SendMessageRequest;
import chat.v1.ServerRole;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Status.Code;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class StatusesTest {
  private final ApiHarness api =
      new ApiHarness(ApiHarness.limits().unansweredProposalsMax(2).build());

  @AfterEach
  void close() {
    api.close();
  }

  @Test
  void aBackupNamesThePrimaryWhateverIsWrongWithTheRequest() {
    api.backend.refuse(new BackendException.NotPrimary(3, "127.0.0.1:7403"));
    Throwable thrown = catchThrowable(() -> api.send("nonsense", "", ""));
    assertRefused(thrown, Code.UNAVAILABLE, ErrorReason.NOT_PRIMARY);
    assertThat(detail(thrown, ErrorInfo.class).orElseThrow().getMetadataMap())
        .containsEntry("primary_id", "3")
        .containsEntry("primary_address", "127.0.0.1:7403");
    assertThat(detail(thrown, RetryInfo.class)).isPresent();
    assertRefused(
        api.receive("nonsense", -1).awaitEnd(), Code.UNAVAILABLE, ErrorReason.NOT_PRIMARY);
  }

  @Test
  void aBackupThatKnowsNoPrimaryNamesNone() {
    api.backend.refuse(new BackendException.NotPrimary(0, null));
    Throwable thrown = catchThrowable(() -> api.login("ann"));
    assertRefused(thrown, Code.UNAVAILABLE, ErrorReason.NOT_PRIMARY);
    assertThat(detail(thrown, ErrorInfo.class).orElseThrow().getMetadataMap()).isEmpty();
  }

  @Test
  void theOtherRefusalsOfAServerSayWhenToTryAgain() {
    assertRetryable(new BackendException.NoPrimary(), Code.UNAVAILABLE, ErrorReason.NO_PRIMARY);
    assertRetryable(
        new BackendException.ViewChanging(), Code.UNAVAILABLE, ErrorReason.VIEW_CHANGING);
    assertRetryable(
        new BackendException.ShuttingDown(), Code.UNAVAILABLE, ErrorReason.SHUTTING_DOWN);
    assertRetryable(
        new BackendException.Overloaded(), Code.RESOURCE_EXHAUSTED, ErrorReason.OVERLOADED);
  }

  private void assertRetryable(BackendException failure, Code code, ErrorReason reason) {
    api.backend.refuse(failure);
    Throwable thrown = catchThrowable(() -> api.login("ann"));
    assertRefused(thrown, code, reason);
    assertThat(detail(thrown, RetryInfo.class)).isPresent();
  }

  @Test
  void anUnknownOutcomeIsRetriedBlindlyOnlyIfARequestIdMakesThatSafe() {
    String ann = api.user("ann");
    api.backend.fail(new BackendException.OutcomeUnknown());
    assertRefused(() -> send(ann, "r1"), Code.UNAVAILABLE, ErrorReason.VIEW_CHANGING);
    assertRefused(() -> send(ann, ""), Code.DEADLINE_EXCEEDED, ErrorReason.OUTCOME_UNKNOWN);
    assertRefused(() -> create(""), Code.DEADLINE_EXCEEDED, ErrorReason.OUTCOME_UNKNOWN);
    assertRefused(() -> create("r1"), Code.UNAVAILABLE, ErrorReason.VIEW_CHANGING);
  }

  @Test
  void aProposalThatIsNeverAnsweredEndsAsUnknown() {
    try (ApiHarness hasty =
        new ApiHarness(ApiHarness.limits().callTimeout(Duration.ofMillis(500)).build())) {
      String ann = hasty.user("ann");
      hasty.backend.hold(c -> c instanceof Command.SendMessage);
      assertRefused(
          () -> hasty.send(ann, "ann", "x"), Code.DEADLINE_EXCEEDED, ErrorReason.OUTCOME_UNKNOWN);
    }
  }

  @Test
  void tooManyUnansweredProposalsAreRefusedBeforeAnythingIsAccepted() {
    String ann = api.user("ann");
    api.backend.hold(c -> c instanceof Command.SendMessage);
    for (int i = 0; i < 2; i++) {
      var unused = CompletableFuture.supplyAsync(() -> catchThrowable(() -> send(ann, "")));
    }
    await().until(() -> api.backend.heldCount() == 2);
    assertRefused(() -> send(ann, ""), Code.RESOURCE_EXHAUSTED, ErrorReason.OVERLOADED);
    api.backend.releaseHeld();
    await().until(() -> send(ann, "") > 0);
  }

  @Test
  void aBugIsAnIdAndNothingElse() {
    String ann = api.user("ann");
    api.backend.hold(
        c -> {
          throw new IllegalStateException("secret of the house");
        });
    Throwable thrown = catchThrowable(() -> send(ann, "r1"));
    assertRefused(thrown, Code.INTERNAL, ErrorReason.INTERNAL);
    assertThat(thrown)
        .hasMessageNotContaining("secret")
        .hasMessageMatching(".*error id [0-9a-f-]{36}.*");
  }

  @Test
  void anyServerTellsTheStateOfTheCluster() {
    api.backend.refuse(new BackendException.NotPrimary(0, null));
    GetClusterStatusResponse status =
        api.anonymous().getClusterStatus(GetClusterStatusRequest.getDefaultInstance());
    assertThat(status.getPrimaryId()).isEqualTo(1);
    assertThat(status.getEpoch()).isEqualTo(4);
    assertThat(status.getViewMemberIdsList()).containsExactly(1);
    assertThat(status.getSummary()).isEqualTo("Server 1 serves alone.");
    assertThat(status.getServers(0).getRole()).isEqualTo(ServerRole.SERVER_ROLE_PRIMARY);
    assertThat(status.getServers(0).getDurableIndex()).isEqualTo(12);
    assertThat(status.getServers(0).getAppliedIndex()).isEqualTo(11);
    assertThat(status.getServers(1).getRole()).isEqualTo(ServerRole.SERVER_ROLE_UNREACHABLE);
    assertThat(status.getServers(1).getReachable()).isFalse();
  }

  @Test
  void onlyThePrimaryServesTheChatButEveryServerIsAlive() {
    assertThat(health("chat.v1.ChatService")).isEqualTo(ServingStatus.SERVING);
    api.endpoint.lostPrimary(new BackendException.NoPrimary());
    assertThat(health("chat.v1.ChatService")).isEqualTo(ServingStatus.NOT_SERVING);
    assertThat(health("")).isEqualTo(ServingStatus.SERVING);
    api.endpoint.stop();
    assertThat(health("")).isEqualTo(ServingStatus.NOT_SERVING);
  }

  private ServingStatus health(String service) {
    return HealthGrpc.newBlockingStub(api.channel)
        .check(HealthCheckRequest.newBuilder().setService(service).build())
        .getStatus();
  }

  private long send(String token, String requestId) {
    return api.as(token)
        .sendMessage(
            SendMessageRequest.newBuilder()
                .setRecipient("ann")
                .setText("x")
                .setRequestId(requestId)
                .build())
        .getMessageId();
  }

  private void create(String requestId) {
    var unused =
        api.anonymous()
            .createAccount(
                CreateAccountRequest.newBuilder()
                    .setUsername("carl")
                    .setPassword(PASSWORD)
                    .setRequestId(requestId)
                    .build());
  }
}
