package chat.server.storage;

import chat.server.chat.Command;
import chat.server.chat.CommandLog;
import chat.server.chat.Outcome;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Logs and copies for tests of the storage. */
final class StorageFixtures {
  static final long DAY = 24L * 3_600_000_000L;

  private StorageFixtures() {}

  static List<Outcome> replay(H2ChatState state, CommandLog log, Random dice, long to) {
    List<Outcome> outcomes = new ArrayList<>();
    while (state.position().index() < to) {
      long first = state.position().index() + 1;
      long last = Math.min(to, first + dice.nextInt(dice.nextBoolean() ? 4 : 300));
      outcomes.addAll(CommandLog.apply(state, log.slice(first, last)));
    }
    return outcomes;
  }

  /** Ann is account 1 with token 1, Bob 2 with token 2. */
  static CommandLog twoAccounts() {
    CommandLog log = new CommandLog();
    log.add(new Command.CreateAccount(DAY, "ann", "hash", ""));
    log.add(new Command.CreateAccount(DAY, "bob", "hash", ""));
    log.add(new Command.Login(DAY, 1, CommandLog.token(1), false));
    log.add(new Command.Login(DAY, 2, CommandLog.token(2), false));
    return log;
  }

  static Command send(long time, String to, String text, String requestId) {
    return new Command.SendMessage(time, CommandLog.token(1), to, text, requestId, false, 1000);
  }

  static void copy(Path from, Path to) throws Exception {
    Files.createDirectories(to);
    try (var files = Files.list(from)) {
      // What was marked first: the database may go on meanwhile. Not a mark that is being written.
      for (Path file : files.filter(file -> !file.toString().endsWith(".tmp")).sorted().toList()) {
        Files.copy(
            file, to.resolve(file.getFileName().toString()), StandardCopyOption.REPLACE_EXISTING);
      }
    }
  }
}
