package chat.server.api;

import chat.common.ErrorReason;
import chat.server.chat.ChatQueries;
import chat.server.chat.ChatQueries.Credentials;
import chat.server.chat.Command;
import chat.server.chat.Outcome;
import chat.v1.ChangePasswordRequest;
import chat.v1.ChangePasswordResponse;
import chat.v1.LoginRequest;
import chat.v1.LoginResponse;
import chat.v1.LogoutResponse;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Sessions and what opens them: login, logout, a new password. Thread-safe. */
final class SessionCalls {
  private final Proposals proposals;
  private final ChatQueries queries;
  private final SessionReads reads;
  private final PasswordHasher passwords;
  private final Tokens tokens;
  private final LoginThrottle throttle;

  SessionCalls(
      Proposals proposals,
      ChatQueries queries,
      SessionReads reads,
      PasswordHasher passwords,
      Tokens tokens,
      LoginThrottle throttle) {
    this.proposals = proposals;
    this.queries = queries;
    this.reads = reads;
    this.passwords = passwords;
    this.tokens = tokens;
    this.throttle = throttle;
  }

  /**
   * Name and password are not checked for their form: whatever is wrong with them, the answer is
   * the same, after the same work.
   */
  CompletableFuture<LoginResponse> login(Caller caller, LoginRequest request) {
    String name = request.getUsername();
    return throttle
        .enter(name, caller.source(), caller.waiting(), System.nanoTime())
        .thenCompose(
            attempt ->
                proposals
                    .read(() -> queries.credentials(name))
                    .thenCompose(known -> check(caller, known, request.getPassword()))
                    .whenComplete((account, failure) -> settle(attempt, failure)))
        .thenCompose(account -> open(caller, account, request.getTakeOver()));
  }

  private CompletableFuture<Credentials> check(
      Caller caller, Optional<Credentials> known, String password) {
    CompletableFuture<Boolean> verdict =
        known.isPresent()
            ? passwords.verify(password, known.get().passwordHash(), caller.waiting())
            : passwords.verifyNothing(password, caller.waiting());
    return verdict.thenApply(
        right -> {
          if (!right || known.isEmpty()) {
            throw OutcomeRefusals.badCredentials().asException();
          }
          return known.get();
        });
  }

  private static void settle(LoginThrottle.Attempt attempt, @Nullable Throwable failure) {
    if (failure == null) {
      attempt.succeeded();
    } else if (ErrorMapping.isRefusal(failure, ErrorReason.BAD_CREDENTIALS)) {
      attempt.failed();
    } else {
      attempt.undecided();
    }
  }

  private CompletableFuture<LoginResponse> open(
      Caller caller, Credentials account, boolean takeOver) {
    if (!caller.waiting().getAsBoolean()) {
      // It may have come again, and this would replace the session that it got then.
      return CompletableFuture.failedFuture(OutcomeRefusals.givenUp());
    }
    String token = tokens.create();
    return proposals
        .propose(
            new Command.Login(
                proposals.nowMicros(), account.accountId(), Tokens.hash(token), takeOver))
        .thenApplyAsync(
            outcome -> {
              Outcome.LoggedIn session = OutcomeRefusals.expect(Outcome.LoggedIn.class, outcome);
              return LoginResponse.newBuilder()
                  .setSessionToken(token)
                  .setExpireTime(Protos.timestamp(session.expireTimeMicros()))
                  .setUndeliveredCount(session.undelivered())
                  .build();
            },
            proposals.threads());
  }

  CompletableFuture<LogoutResponse> logout(SessionKey session) {
    return reads
        .forWrite(session)
        .thenCompose(
            state -> proposals.propose(new Command.Logout(proposals.nowMicros(), session.hash())))
        .thenApplyAsync(
            outcome -> {
              OutcomeRefusals.expect(Outcome.LoggedOut.class, outcome);
              return LogoutResponse.getDefaultInstance();
            },
            proposals.threads());
  }

  /**
   * The old password is checked like one at a login, waits for too many wrong ones included: a
   * token that was stolen must not be a way to find out the password.
   */
  CompletableFuture<ChangePasswordResponse> changePassword(
      Caller caller, SessionKey session, ChangePasswordRequest request) {
    Validation.password("new_password", request.getNewPassword());
    Validation.requestId("request_id", request.getRequestId(), false);
    return reads
        .ending(session, request.getRequestId())
        .thenCompose(account -> change(caller, session, request, account));
  }

  private CompletableFuture<ChangePasswordResponse> change(
      Caller caller, SessionKey session, ChangePasswordRequest request, Credentials account) {
    long now = proposals.nowMicros();
    if (queries.endedBy(session.hash(), request.getRequestId(), now).isPresent()) {
      return again(caller, request, account);
    }
    return checked(caller, account, request.getOldPassword())
        .thenCompose(right -> passwords.hash(request.getNewPassword(), caller.waiting()))
        .thenCompose(hash -> change(session, request, account, hash))
        .thenCompose(
            changed ->
                changed.isPresent()
                    ? CompletableFuture.completedFuture(changed.get())
                    // Meanwhile the same request was carried out by another of its attempts.
                    : reads
                        .ending(session, request.getRequestId())
                        .thenCompose(after -> again(caller, request, after)));
  }

  private CompletableFuture<Credentials> checked(
      Caller caller, Credentials account, String password) {
    return throttle
        .enter(account.username(), caller.source(), caller.waiting(), System.nanoTime())
        .thenCompose(
            attempt ->
                check(caller, Optional.of(account), password)
                    .whenComplete((right, failure) -> settle(attempt, failure)));
  }

  /** Empty if it was done before, by the same request. */
  private CompletableFuture<Optional<ChangePasswordResponse>> change(
      SessionKey session, ChangePasswordRequest request, Credentials account, String hash) {
    String token = tokens.create();
    return proposals
        .propose(
            new Command.ChangePassword(
                proposals.nowMicros(),
                session.hash(),
                account.passwordHash(),
                hash,
                Tokens.hash(token),
                request.getRequestId()))
        .thenApplyAsync(
            outcome -> {
              if (outcome instanceof Outcome.PasswordChangedBefore) {
                return Optional.empty();
              }
              Outcome.PasswordChanged changed =
                  OutcomeRefusals.expect(Outcome.PasswordChanged.class, outcome);
              return Optional.of(changed(token, changed.expireTimeMicros()));
            },
            proposals.threads());
  }

  /**
   * A repeat. The token of the first answer is stored nowhere, so it gets a session of its own, as
   * by a login: with the password that the first one set, which nobody has but who sent that.
   */
  private CompletableFuture<ChangePasswordResponse> again(
      Caller caller, ChangePasswordRequest request, Credentials account) {
    if (account.passwordHash().isEmpty()) {
      // The account was deleted since, or by a request of this id.
      throw OutcomeRefusals.noSession().asException();
    }
    return checked(caller, account, request.getNewPassword())
        .thenCompose(right -> open(caller, account, false))
        .thenApply(
            session ->
                ChangePasswordResponse.newBuilder()
                    .setSessionToken(session.getSessionToken())
                    .setExpireTime(session.getExpireTime())
                    .setDuplicate(true)
                    .build());
  }

  private static ChangePasswordResponse changed(String token, long expireTimeMicros) {
    return ChangePasswordResponse.newBuilder()
        .setSessionToken(token)
        .setExpireTime(Protos.timestamp(expireTimeMicros))
        .build();
  }
}
