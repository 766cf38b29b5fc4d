package chat.client.bench;

import chat.v1.ChatServiceGrpc;
import chat.v1.CreateAccountRequest;
import chat.v1.LoginRequest;
import io.grpc.Channel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Makes accounts by the thousand; the servers' password hash must be a cheap one. */
final class Accounts {
  private static final String PREFIX = "account";
  private static final String PASSWORD = "correct horse battery staple";

  /** The service refuses more than 64 passwords at a time. */
  private static final int AT_ONCE = 32;

  private Accounts() {}

  /**
   * Makes and logs in accounts of consecutive numbers.
   *
   * @param first the first one's number
   */
  static List<Account> make(Channel channel, int first, int count) {
    List<Account> made = new ArrayList<>(count);
    for (int done = 0; done < count; done += AT_ONCE) {
      List<CompletableFuture<Account>> batch = new ArrayList<>();
      for (int i = done; i < Math.min(count, done + AT_ONCE); i++) {
        batch.add(makeOne(channel, PREFIX + (first + i)));
      }
      batch.forEach(account -> made.add(account.join()));
    }
    return made;
  }

  private static CompletableFuture<Account> makeOne(Channel channel, String name) {
    return Calls.unary(
            channel,
            ChatServiceGrpc.getCreateAccountMethod(),
            null,
            CreateAccountRequest.newBuilder().setUsername(name).setPassword(PASSWORD).build())
        .thenCompose(
            created ->
                Calls.unary(
                    channel,
                    ChatServiceGrpc.getLoginMethod(),
                    null,
                    LoginRequest.newBuilder().setUsername(name).setPassword(PASSWORD).build()))
        .thenApply(login -> new Account(name, login.getSessionToken()));
  }
}
