package chat.server.storage;

import static chat.server.storage.StorageFixtures.DAY;
import static chat.server.storage.StorageFixtures.send;
import static chat.server.storage.StorageFixtures.twoAccounts;
import static org.assertj.core.api.Assertions.assertThat;

import chat.server.chat.ChatQueries;
import chat.server.chat.Command;
import chat.server.chat.CommandLog;
import chat.server.chat.StoredMessage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class H2QueriesTest {
  @TempDir Path directory;

  private final long seed = Long.getLong("state.seed", System.nanoTime() & 0xffffff);

  @Test
  void accountsArePagedInOrderWithoutRegardToCase() throws Exception {
    CommandLog log = new CommandLog();
    TreeMap<String, String> names = new TreeMap<>();
    Random dice = new Random(seed);
    for (int i = 0; i < 200; i++) {
      String key = "n" + Integer.toString(dice.nextInt(46_656), 36);
      String name = dice.nextBoolean() ? key : key.replace('n', 'N');
      if (names.putIfAbsent(key, name) == null) {
        log.add(new Command.CreateAccount(DAY, name, "hash", ""));
      }
    }
    log.add(new Command.CreateAccount(DAY, "zoe", "hash", ""));
    log.add(new Command.Login(DAY, log.size(), CommandLog.token(1), false));
    log.add(new Command.AttachStream(DAY, CommandLog.token(1), 4, 1));
    try (H2ChatState state = H2ChatState.open(directory)) {
      CommandLog.apply(state, log.slice(1, log.size()));
      ChatQueries queries = state.queries();
      for (String filter : new String[] {"", "*", "n*", "N*", "n?"}) {
        List<String> expected = new ArrayList<>(names.values());
        expected.removeIf(name -> filter.equals("n?") && name.length() != 2);
        if (filter.isEmpty() || filter.equals("*")) {
          expected.add("zoe");
        }
        List<String> found = new ArrayList<>();
        String after = null;
        while (true) {
          List<ChatQueries.AccountLine> page = queries.accounts(filter, after, 7);
          if (page.isEmpty()) {
            break;
          }
          page.forEach(line -> found.add(line.username()));
          after = page.get(page.size() - 1).username();
        }
        assertThat(found).as("filter %s, seed %d", filter, seed).isEqualTo(expected);
      }
      assertThat(queries.accounts("z*", "aaa", 5))
          .containsExactly(new ChatQueries.AccountLine("zoe", true));
      assertThat(queries.accounts("a*", "zz", 5)).isEmpty();
      assertThat(queries.accounts("nobody", null, 5)).isEmpty();
    }
  }

  @Test
  void undeliveredMessagesArePagedInOrder() throws Exception {
    CommandLog log = twoAccounts();
    List<Long> ids = new ArrayList<>();
    for (int i = 0; i < 53; i++) {
      log.add(send(DAY, "ann", "to myself", ""));
      ids.add(log.add(send(DAY, "bob", "text " + i, "")).index());
    }
    try (H2ChatState state = H2ChatState.open(directory)) {
      CommandLog.apply(state, log.slice(1, log.size()));
      List<Long> found = new ArrayList<>();
      long after = 0;
      while (true) {
        List<StoredMessage> page = state.queries().undelivered(2, after, 10);
        if (page.isEmpty()) {
          break;
        }
        assertThat(page).hasSizeLessThanOrEqualTo(10);
        page.forEach(message -> found.add(message.messageId()));
        after = found.get(found.size() - 1);
      }
      assertThat(found).isEqualTo(ids);
      assertThat(state.queries().undeliveredCount(2)).isEqualTo(53);
      assertThat(state.queries().undelivered(2, ids.get(51), 10))
          .extracting(StoredMessage::text)
          .containsExactly("text 52");
      assertThat(state.queries().undelivered(99, 0, 10)).isEmpty();
    }
  }

  @Test
  void aHistoryIsNewestFirstAndHoldsBothDirections() throws Exception {
    CommandLog log = twoAccounts();
    log.add(new Command.CreateAccount(DAY, "eve", "hash", ""));
    List<Long> between = new ArrayList<>();
    List<Long> alone = new ArrayList<>();
    Random dice = new Random(seed);
    for (int i = 0; i < 120; i++) {
      int kind = dice.nextInt(4);
      if (kind == 0) {
        log.add(send(DAY, "eve", "x", ""));
      } else if (kind == 1) {
        alone.add(0, log.add(send(DAY, "ann", "note", "")).index());
      } else {
        Command forth = send(DAY, "bob", "forth", "");
        Command back =
            new Command.SendMessage(DAY, CommandLog.token(2), "ann", "back", "", false, 1000);
        between.add(0, log.add(kind == 2 ? forth : back).index());
      }
    }
    try (H2ChatState state = H2ChatState.open(directory)) {
      CommandLog.apply(state, log.slice(1, log.size()));
      for (int limit : new int[] {1, 7, 1000}) {
        assertThat(history(state.queries(), 1, 2, limit)).as("seed %d", seed).isEqualTo(between);
        assertThat(history(state.queries(), 2, 1, limit)).isEqualTo(between);
        assertThat(history(state.queries(), 1, 1, limit)).isEqualTo(alone);
      }
      assertThat(history(state.queries(), 2, log.slice(5, 5).get(0).index(), 5)).isEmpty();
      StoredMessage newest = state.queries().history(2, 1, Long.MAX_VALUE, 1).messages().get(0);
      assertThat(newest.text()).isEqualTo(newest.senderId() == 1 ? "forth" : "back");
    }
  }

  @Test
  void aNameIsOfTheAccountThatHasItOrHadItLast() throws Exception {
    CommandLog log = twoAccounts();
    log.add(send(DAY, "bob", "for ever", ""));
    log.add(new Command.DeleteAccount(DAY, CommandLog.token(1), true, ""));
    long again = log.add(new Command.CreateAccount(DAY, "Ann", "hash", "")).index();
    log.add(new Command.Login(DAY, again, CommandLog.token(3), false));
    try (H2ChatState state = H2ChatState.open(directory)) {
      CommandLog.apply(state, log.slice(1, 6));
      requireAnn(state, 1, log.at(5).index());
    }
    try (H2ChatState state = H2ChatState.open(directory)) {
      requireAnn(state, 1, log.at(5).index());
      CommandLog.apply(state, log.slice(7, 8));
      requireAnn(state, again, 0);
      CommandLog.apply(
          state, List.of(log.add(new Command.DeleteAccount(DAY, CommandLog.token(3), true, ""))));
      requireAnn(state, again, 0);
    }
    try (H2ChatState state = H2ChatState.open(directory)) {
      requireAnn(state, again, 0);
      assertThat(state.queries().correspondent("nobody")).isEmpty();
    }
  }

  private static void requireAnn(H2ChatState state, long id, long newest) {
    assertThat(state.queries().correspondent("ANN")).contains(id);
    assertThat(history(state.queries(), 2, id, 5))
        .isEqualTo(newest == 0 ? List.of() : List.of(newest));
  }

  @Test
  void aHistoryThatIsRareAmongMuchElseComesInPartsAndWhole() throws Exception {
    CommandLog log = twoAccounts();
    log.add(new Command.CreateAccount(DAY, "eve", "hash", ""));
    List<Long> between = new ArrayList<>();
    Random dice = new Random(seed);
    for (int i = 0; i < 4 * H2Queries.VISITED_MAX; i++) {
      // Both have many: ann writes to herself, and bob to himself.
      long id = log.add(send(DAY, "ann", "x", "")).index();
      log.add(new Command.Acknowledge(DAY, CommandLog.token(1), id));
      id =
          log.add(new Command.SendMessage(DAY, CommandLog.token(2), "bob", "y", "", false, 1000))
              .index();
      log.add(new Command.Acknowledge(DAY, CommandLog.token(2), id));
      if (dice.nextInt(3_000) == 0) {
        between.add(0, log.add(send(DAY, "bob", "rare", "")).index());
      }
    }
    try (H2ChatState state = H2ChatState.open(directory)) {
      CommandLog.apply(state, log.slice(1, log.size()));
      assertThat(history(state.queries(), 1, 2, 10)).as("seed %d", seed).isEqualTo(between);
      assertThat(history(state.queries(), 2, 1, 1)).as("seed %d", seed).isEqualTo(between);
      // One has none: nothing is looked at.
      assertThat(state.queries().history(1, 5, Long.MAX_VALUE, 10))
          .isEqualTo(new ChatQueries.History(List.of(), 0));
      ChatQueries.History first = state.queries().history(1, 2, Long.MAX_VALUE, 3);
      assertThat(first.before()).as("a bounded look").isPositive();
      // One more than the other: now it is the other's chain that is followed.
      CommandLog.apply(state, List.of(log.add(send(DAY, "ann", "x", ""))));
      assertThat(pagesFrom(state.queries(), 1, 2, first, 3)).isEqualTo(between);
    }
  }

  private static List<Long> history(ChatQueries queries, long account, long peer, int limit) {
    ChatQueries.History first = queries.history(account, peer, Long.MAX_VALUE, limit);
    return pagesFrom(queries, account, peer, first, limit);
  }

  private static List<Long> pagesFrom(
      ChatQueries queries, long account, long peer, ChatQueries.History first, int limit) {
    List<Long> found = new ArrayList<>();
    ChatQueries.History page = first;
    while (true) {
      assertThat(page.messages()).hasSizeLessThanOrEqualTo(limit);
      page.messages().forEach(message -> found.add(message.messageId()));
      if (page.before() == 0) {
        return found;
      }
      page = queries.history(account, peer, page.before(), limit);
    }
  }
}
