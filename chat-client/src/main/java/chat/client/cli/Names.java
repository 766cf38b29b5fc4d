package chat.client.cli;

import chat.client.AccountInfo;
import chat.client.ChatException;
import chat.client.ChatSession;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

/**
 * Completes the names of accounts by asking the service, for a moment and no longer: between two
 * primaries a person who presses Tab gets the names that were seen last. Thread-safe.
 */
final class Names {
  private static final int MOST = 50;
  private static final long PATIENCE_MILLIS = 500;

  private final Executor executor =
      task -> {
        Thread thread = new Thread(task, "chat-names");
        thread.setDaemon(true);
        thread.start();
      };
  private volatile List<String> last = List.of();

  /** Names that begin so. */
  List<String> startingWith(ChatSession session, String prefix) {
    // Only what can be a name: a service that says otherwise does not write on the command line.
    if (!prefix.matches("[A-Za-z0-9._-]*")) {
      return List.of();
    }
    FutureTask<List<String>> asking = new FutureTask<>(() -> ask(session, prefix));
    executor.execute(asking);
    try {
      last = asking.get(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
    } catch (TimeoutException | ExecutionException e) {
      // Those seen last are better than none.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return last;
  }

  private static List<String> ask(ChatSession session, String prefix) {
    List<String> names = new ArrayList<>();
    try (Stream<AccountInfo> accounts = session.accounts(prefix + "*")) {
      accounts
          .map(AccountInfo::username)
          .filter(name -> name.matches("[A-Za-z0-9._-]{1,32}"))
          .limit(MOST)
          .forEach(names::add);
    } catch (ChatException e) {
      throw new CommandFailure(ExitCodes.of(e), e.getMessage(), e);
    }
    return names;
  }
}
