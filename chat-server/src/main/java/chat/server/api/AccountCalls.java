package chat.server.api;

import chat.server.chat.ChatQueries;
import chat.server.chat.ChatQueries.AccountLine;
import chat.server.chat.Command;
import chat.server.chat.Outcome;
import chat.v1.Account;
import chat.v1.CreateAccountRequest;
import chat.v1.CreateAccountResponse;
import chat.v1.DeleteAccountRequest;
import chat.v1.DeleteAccountResponse;
import chat.v1.ListAccountsRequest;
import chat.v1.ListAccountsResponse;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Accounts: create, delete, list. Thread-safe; methods throw {@link RefusedException} at once. */
final class AccountCalls {
  private static final String LISTING = "accounts";
  private static final CreateAccountResponse DUPLICATE =
      CreateAccountResponse.newBuilder().setDuplicate(true).build();

  private final Proposals proposals;
  private final ChatQueries queries;
  private final SessionReads reads;
  private final Validation validation;
  private final PasswordHasher passwords;
  private final KeyedRate<String> creations;
  private final LoginThrottle throttle;

  AccountCalls(
      Proposals proposals,
      ChatQueries queries,
      SessionReads reads,
      Validation validation,
      PasswordHasher passwords,
      Throttling throttling,
      LoginThrottle throttle) {
    this.proposals = proposals;
    this.queries = queries;
    this.reads = reads;
    this.validation = validation;
    this.passwords = passwords;
    this.throttle = throttle;
    this.creations =
        new KeyedRate<>(
            throttling.accountsPerMinute(), TimeUnit.MINUTES, throttling.accountsBurst());
  }

  CompletableFuture<CreateAccountResponse> create(Caller caller, CreateAccountRequest request) {
    Validation.username("username", request.getUsername());
    Validation.password("password", request.getPassword());
    Validation.requestId("request_id", request.getRequestId(), false);
    long wait = creations.take(caller.source(), System.nanoTime());
    if (wait > 0) {
      throw OutcomeRefusals.rateLimited("Too many accounts come from this address", wait);
    }
    return passwords
        .hash(request.getPassword(), caller.waiting())
        .thenCompose(
            hash ->
                proposals.propose(
                    new Command.CreateAccount(
                        proposals.nowMicros(),
                        request.getUsername(),
                        hash,
                        request.getRequestId())))
        .thenComposeAsync(outcome -> created(caller, request, outcome), proposals.threads());
  }

  private CompletableFuture<CreateAccountResponse> created(
      Caller caller, CreateAccountRequest request, Outcome outcome) {
    if (outcome instanceof Outcome.AccountCreatedBefore before) {
      // Two hashes of one password differ by their salts: only the password itself tells a
      // repetition from somebody else's attempt at the name. That is a guess as good as a login's.
      return throttle
          .enter(request.getUsername(), caller.source(), caller.waiting(), System.nanoTime())
          .thenCompose(
              attempt ->
                  passwords
                      .verify(request.getPassword(), before.passwordHash(), caller.waiting())
                      .whenComplete((right, failure) -> settle(attempt, right)))
          .thenApply(
              right -> {
                if (!right) {
                  throw OutcomeRefusals.requestIdReused().asException();
                }
                return DUPLICATE;
              });
    }
    if (outcome instanceof Outcome.RequestIdReused) {
      // Of this command it says that the request made the account, which was deleted since. The
      // first answer again, as for any repeat; no hash is left to tell it from a guess, and there
      // is nothing left to guess at.
      return CompletableFuture.completedFuture(DUPLICATE);
    }
    OutcomeRefusals.expect(Outcome.AccountCreated.class, outcome);
    return CompletableFuture.completedFuture(CreateAccountResponse.getDefaultInstance());
  }

  private static void settle(LoginThrottle.Attempt attempt, @Nullable Boolean right) {
    if (right == null) {
      attempt.undecided();
    } else if (right) {
      attempt.succeeded();
    } else {
      attempt.failed();
    }
  }

  CompletableFuture<DeleteAccountResponse> delete(
      SessionKey session, DeleteAccountRequest request) {
    Validation.requestId("request_id", request.getRequestId(), false);
    return reads
        .ending(session, request.getRequestId())
        .thenCompose(
            account ->
                proposals.propose(
                    new Command.DeleteAccount(
                        proposals.nowMicros(),
                        session.hash(),
                        request.getDiscardUndelivered(),
                        request.getRequestId())))
        .thenApplyAsync(
            outcome -> {
              Outcome.AccountDeleted deleted =
                  OutcomeRefusals.expect(Outcome.AccountDeleted.class, outcome);
              return DeleteAccountResponse.newBuilder()
                  .setDiscardedCount(deleted.discarded())
                  .setDuplicate(deleted.duplicate())
                  .build();
            },
            proposals.threads());
  }

  CompletableFuture<ListAccountsResponse> list(SessionKey session, ListAccountsRequest request) {
    String filter = request.getFilter();
    Validation.filter("filter", filter);
    int pageSize = validation.pageSize("page_size", request.getPageSize());
    Optional<String> after = PageToken.decode(request.getPageToken(), LISTING, filter);
    return reads.read(
        session,
        state -> {
          // One more than asked for tells whether there is a next page.
          List<AccountLine> lines =
              queries.accounts(filter.isEmpty() ? "*" : filter, after.orElse(null), pageSize + 1);
          ListAccountsResponse.Builder response = ListAccountsResponse.newBuilder();
          for (AccountLine line : lines.subList(0, Math.min(pageSize, lines.size()))) {
            response.addAccounts(
                Account.newBuilder().setUsername(line.username()).setOnline(line.online()));
          }
          if (lines.size() > pageSize) {
            String last = lines.get(pageSize - 1).username();
            response.setNextPageToken(PageToken.encode(last, LISTING, filter));
          }
          return response.build();
        });
  }
}
