package chat.server.api;

import static chat.server.api.ApiHarness.PASSWORD;
import static chat.server.api.ApiHarness.assertRefused;
import static chat.server.api.ApiHarness.detail;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import chat.common.ErrorReason;
import chat.v1.Account;
import chat.v1.CreateAccountRequest;
import chat.v1.CreateAccountResponse;
import chat.v1.DeleteAccountRequest;
import chat.v1.ListAccountsRequest;
import chat.v1.ListAccountsResponse;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import io.grpc.Status.Code;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AccountsTest {
  private final ApiHarness api = new ApiHarness();

  @AfterEach
  void close() {
    api.close();
  }

  @Test
  void anAccountIsMadeOnceWithoutRegardToCase() {
    assertThat(create("Ann", PASSWORD, "").getDuplicate()).isFalse();
    assertRefused(
        () -> create("ann", PASSWORD, ""), Code.ALREADY_EXISTS, ErrorReason.USERNAME_TAKEN);
  }

  @Test
  void repeatingWithTheSameIdAndPasswordIsADuplicate() {
    create("ann", PASSWORD, "r1");
    assertThat(create("ann", PASSWORD, "r1").getDuplicate()).isTrue();
    assertRefused(
        () -> create("ann", "another password", "r1"),
        Code.INVALID_ARGUMENT,
        ErrorReason.REQUEST_ID_REUSED);
    assertRefused(
        () -> create("ann", PASSWORD, "r2"), Code.ALREADY_EXISTS, ErrorReason.USERNAME_TAKEN);
  }

  @Test
  void aRepeatAfterTheAccountWasDeletedGivesTheFirstAnswerAndMakesNothing() {
    create("ann", PASSWORD, "r1");
    delete(api.login("ann"), false, "");
    assertThat(create("ann", PASSWORD, "r1").getDuplicate()).isTrue();
    assertThat(names(api.user("bob"), "", 50)).containsExactly("bob");
    assertThat(create("ann", PASSWORD, "r2").getDuplicate()).isFalse();
  }

  @Test
  void aRequestIdOfAnotherNameIsAnotherRequest() {
    create("ann", PASSWORD, "r1");
    assertThat(create("bob", PASSWORD, "r1").getDuplicate()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "a b", "ä", "a/b", "123456789012345678901234567890123"})
  void aBadNameIsRefusedWithItsField(String name) {
    Throwable thrown = catchThrowable(() -> create(name, PASSWORD, ""));
    assertRefused(thrown, Code.INVALID_ARGUMENT, ErrorReason.BAD_USERNAME);
    assertThat(detail(thrown, BadRequest.class).orElseThrow().getFieldViolations(0).getField())
        .isEqualTo("username");
  }

  @Test
  void aBadPasswordOrRequestIdIsRefused() {
    assertRefused(
        () -> create("ann", "1234567", ""), Code.INVALID_ARGUMENT, ErrorReason.BAD_PASSWORD);
    assertRefused(
        () -> create("ann", "x".repeat(129), ""), Code.INVALID_ARGUMENT, ErrorReason.BAD_PASSWORD);
    assertRefused(
        () -> create("ann", PASSWORD, "ä".repeat(33)),
        Code.INVALID_ARGUMENT,
        ErrorReason.BAD_REQUEST_ID);
    create("ann", "\uD83D\uDE00".repeat(128), "x".repeat(64));
  }

  @Test
  void anAccountWithUndeliveredMessagesIsNotDeletedByMistake() {
    String ann = api.user("ann");
    String bob = api.user("bob");
    var unused = api.send(ann, "bob", "hello");
    Throwable thrown = catchThrowable(() -> delete(bob, false, "d"));
    assertRefused(thrown, Code.FAILED_PRECONDITION, ErrorReason.UNDELIVERED_MESSAGES);
    assertThat(thrown).hasMessageContaining("1 ");
    assertThat(detail(thrown, ErrorInfo.class).orElseThrow().getMetadataMap())
        .containsEntry("undelivered_count", "1");
    assertThat(delete(bob, true, "d")).isEqualTo(1);
    assertThat(delete(bob, true, "d")).isEqualTo(1);
    assertRefused(() -> delete(bob, true, "e"), Code.UNAUTHENTICATED, ErrorReason.NO_SESSION);
  }

  @Test
  void accountsAreListedInOrderByFilterAndPage() {
    String token = api.user("ann");
    List.of("bob", "Ben", "carl", "b.b", "bxb").forEach(api::create);
    assertThat(names(token, "b*", 2)).containsExactly("b.b", "Ben", "bob", "bxb");
    assertThat(names(token, "b?b", 50)).containsExactly("b.b", "bob", "bxb");
    assertThat(names(token, "b.b", 50)).containsExactly("b.b");
    assertThat(names(token, "", 1)).hasSize(6);
    assertThat(names(token, "nobody", 1)).isEmpty();
  }

  @Test
  void aPageTokenOfAnotherListingIsRefused() {
    String token = api.user("ann");
    api.create("bob");
    String next = list(token, "", 1, "").getNextPageToken();
    assertThat(next).isNotEmpty();
    assertRefused(
        () -> list(token, "b*", 1, next), Code.INVALID_ARGUMENT, ErrorReason.BAD_PAGE_TOKEN);
    assertRefused(
        () -> list(token, "", 1, next + "x"), Code.INVALID_ARGUMENT, ErrorReason.BAD_PAGE_TOKEN);
  }

  @Test
  void badPagesAndFiltersAreRefused() {
    String token = api.user("ann");
    assertRefused(() -> list(token, "", -1, ""), Code.INVALID_ARGUMENT, ErrorReason.BAD_PAGE_SIZE);
    assertRefused(
        () -> list(token, "", 1001, ""), Code.INVALID_ARGUMENT, ErrorReason.BAD_PAGE_SIZE);
    assertRefused(
        () -> list(token, "x".repeat(129), 1, ""), Code.INVALID_ARGUMENT, ErrorReason.BAD_FILTER);
    assertRefused(() -> list("nonsense", "", 1, ""), Code.UNAUTHENTICATED, ErrorReason.NO_SESSION);
  }

  @Test
  void whoHasAStreamOpenIsOnline() {
    String ann = api.user("ann");
    api.create("bob");
    api.receive(ann, 0).awaitCaughtUp();
    assertThat(list(ann, "", 0, "").getAccountsList())
        .extracting(Account::getUsername, Account::getOnline)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple("ann", true),
            org.assertj.core.groups.Tuple.tuple("bob", false));
  }

  private CreateAccountResponse create(String name, String password, String requestId) {
    return api.anonymous()
        .createAccount(
            CreateAccountRequest.newBuilder()
                .setUsername(name)
                .setPassword(password)
                .setRequestId(requestId)
                .build());
  }

  private int delete(String token, boolean discard, String requestId) {
    return api.as(token)
        .deleteAccount(
            DeleteAccountRequest.newBuilder()
                .setDiscardUndelivered(discard)
                .setRequestId(requestId)
                .build())
        .getDiscardedCount();
  }

  private ListAccountsResponse list(String token, String filter, int size, String page) {
    return api.as(token)
        .listAccounts(
            ListAccountsRequest.newBuilder()
                .setFilter(filter)
                .setPageSize(size)
                .setPageToken(page)
                .build());
  }

  private List<String> names(String token, String filter, int size) {
    List<String> names = new ArrayList<>();
    String page = "";
    do {
      ListAccountsResponse response = list(token, filter, size, page);
      response.getAccountsList().forEach(account -> names.add(account.getUsername()));
      page = response.getNextPageToken();
    } while (!page.isEmpty());
    return names;
  }
}
