package chat.server.api;

import chat.server.chat.ChatQueries;
import chat.server.chat.ChatQueries.Credentials;
import chat.server.chat.Command;
import chat.server.chat.Outcome;
import chat.v1.LoginRequest;
import chat.v1.LoginResponse;
import chat.v1.LogoutResponse;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Sessions: login, logout. Thread-safe. */
final class SessionCalls {
  private final Proposals proposals;
  private final ChatQueries queries;
  private final PasswordHasher passwords;
  private final Tokens tokens;

  SessionCalls(Proposals proposals, ChatQueries queries, PasswordHasher passwords, Tokens tokens) {
    this.proposals = proposals;
    this.queries = queries;
    this.passwords = passwords;
    this.tokens = tokens;
  }

  /**
   * Name and password are not checked for their form: whatever is wrong with them, the answer is
   * the same, after the same work.
   */
  CompletableFuture<LoginResponse> login(LoginRequest request) {
    return proposals
        .read(() -> queries.credentials(request.getUsername()))
        .thenCompose(known -> check(known, request.getPassword()))
        .thenCompose(account -> open(account, request.getTakeOver()));
  }

  private CompletableFuture<Credentials> check(Optional<Credentials> known, String password) {
    CompletableFuture<Boolean> verdict =
        known.isPresent()
            ? passwords.verify(password, known.get().passwordHash())
            : passwords.verifyNothing(password);
    return verdict.thenApply(
        right -> {
          if (!right || known.isEmpty()) {
            throw OutcomeRefusals.badCredentials().asException();
          }
          return known.get();
        });
  }

  private CompletableFuture<LoginResponse> open(Credentials account, boolean takeOver) {
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
    return proposals
        .propose(new Command.Logout(proposals.nowMicros(), session.hash()))
        .thenApplyAsync(
            outcome -> {
              OutcomeRefusals.expect(Outcome.LoggedOut.class, outcome);
              return LogoutResponse.getDefaultInstance();
            },
            proposals.threads());
  }
}
