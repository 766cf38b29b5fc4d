package chat.client.cli;

import static org.assertj.core.api.Assertions.assertThat;

import chat.client.FakeCluster;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CommandLineTest {
  @TempDir private Path config;

  private final Map<String, String> environment = new HashMap<>();
  private FakeCluster cluster;
  private String input = "";
  private String out = "";
  private String err = "";

  @BeforeEach
  void start() {
    cluster = new FakeCluster(3);
    cluster.promote(2);
    environment.put("CHAT_SERVERS", cluster.addresses());
    environment.put("CHAT_PASSWORD", "a good secret");
    environment.put("XDG_CONFIG_HOME", config.toString());
  }

  @AfterEach
  void stop() {
    cluster.close();
  }

  private int run(String... arguments) {
    ByteArrayOutputStream outBytes = new ByteArrayOutputStream();
    ByteArrayOutputStream errBytes = new ByteArrayOutputStream();
    int code =
        Main.run(
            arguments,
            Surroundings.of(
                new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)),
                new PrintStream(outBytes, true, StandardCharsets.UTF_8),
                new PrintStream(errBytes, true, StandardCharsets.UTF_8),
                environment,
                null));
    out = outBytes.toString(StandardCharsets.UTF_8);
    err = errBytes.toString(StandardCharsets.UTF_8);
    return code;
  }

  private void done(String... arguments) {
    assertThat(run(arguments)).as("%s: %s%s", Arrays.toString(arguments), out, err).isZero();
  }

  private void loggedIn(String name) {
    done("create-account", name);
    done("login", name);
  }

  private static List<String> with(String first, String... more) {
    List<String> all = new ArrayList<>(List.of(first));
    all.addAll(List.of(more));
    return all;
  }

  @Test
  void twoPeopleWriteToEachOther() {
    loggedIn("alice");
    loggedIn("bob");
    done("send", "bob", "hello", "there", "--as", "alice");
    assertThat(out).isEqualTo("Kept for bob.\n");
    done("inbox", "--as", "bob");
    assertThat(out).contains("alice: hello there");
    done("receive", "--as", "bob");
    assertThat(out).contains("alice: hello there");
    assertThat(cluster.acknowledged("bob")).isPositive();
    done("history", "alice", "--as", "bob");
    assertThat(out).contains("alice: hello there");
  }

  @Test
  void programsGetOneObjectALine() {
    loggedIn("alice");
    cluster.post("alice", "alice", "say \"hi\"\u001b[2J");
    done("receive", "--output", "json");
    assertThat(out.lines())
        .singleElement()
        .asString()
        .startsWith("{\"message_id\":1,\"sender\":\"alice\",\"recipient\":\"alice\",")
        .contains("\"text\":\"say \\\"hi\\\"\\u001b[2J\"")
        .contains("\"sent_time\":\"2023-");
    done("send", "alice", "x", "--output", "json");
    assertThat(out).contains("\"delivery\":\"QUEUED\"", "\"request_id\":\"", "\"duplicate\":false");
    done("status", "--output", "json");
    assertThat(out.lines()).hasSize(1);
    assertThat(out).contains("\"primary_id\":2", "\"survivable_crashes\":2");
  }

  @Test
  void primaryAndTokenArePrintedAlone() {
    done("status", "--output", "primary");
    assertThat(out).isEqualTo(cluster.addresses().split(",", -1)[1] + "\n");
    done("create-account", "alice");
    done("login", "alice", "--output", "token");
    assertThat(out).isEqualTo("token-alice-1\n");
    assertThat(err).isEmpty();
  }

  @Test
  void textsOfOthersCannotDriveTheTerminal() {
    loggedIn("alice");
    cluster.post("alice", "alice", "a\u001b[31mred\r\nb\u202Ec");
    done("inbox");
    assertThat(out).contains("a\\u{1b}[31mred\\r\\nb\\u{202e}c").doesNotContain("\u001b");
  }

  @Test
  void sessionsAreReadableByTheirOwnerAlone() throws IOException {
    loggedIn("Alice");
    try (Stream<Path> files = Files.walk(config)) {
      List<Path> kept = files.filter(Files::isRegularFile).toList();
      assertThat(kept).hasSize(1);
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(kept.get(0))))
          .isEqualTo("rw-------");
      assertThat(
              PosixFilePermissions.toString(Files.getPosixFilePermissions(kept.get(0).getParent())))
          .isEqualTo("rwx------");
      assertThat(kept.get(0).getFileName().toString()).startsWith("alice@");
    }
    done("whoami");
    assertThat(out).isEqualTo("Alice\n");
    done("logout");
    assertThat(run("whoami")).isEqualTo(ExitCodes.NOT_LOGGED_IN);
  }

  @Test
  void exitCodesAndSentencesSayWhatToDo() {
    assertThat(run("whoami")).isEqualTo(ExitCodes.NOT_LOGGED_IN);
    assertThat(err).isEqualTo("Nobody is logged in here; log in with: login NAME\n");
    loggedIn("alice");
    assertThat(run("create-account", "alice")).isEqualTo(ExitCodes.REFUSED);
    assertThat(run("send", "nobody", "hello")).isEqualTo(ExitCodes.REFUSED);
    assertThat(err).isEqualTo("There is no account nobody.\n");
    assertThat(run("send")).isEqualTo(ExitCodes.USAGE);
    assertThat(err).contains("Missing required parameter").contains("--help");
    assertThat(run("status", "--servers", "not an address")).isEqualTo(ExitCodes.USAGE);
    assertThat(err).contains("is not a server address");
    loggedIn("bob");
    assertThat(run("whoami")).isEqualTo(ExitCodes.USAGE);
    assertThat(err).contains("Logged in here are alice, bob; choose with --as NAME");
    environment.put("CHAT_USER", "bob");
    done("whoami");
    assertThat(out).isEqualTo("bob\n");
    environment.put("CHAT_PASSWORD", "wrong");
    assertThat(run("login", "bob")).isEqualTo(ExitCodes.NOT_LOGGED_IN);
    assertThat(err).hasLineCount(1).doesNotContain("Exception");
  }

  @Test
  void noServerIsSaidInOneSentence() {
    cluster.close();
    assertThat(run("status")).isEqualTo(ExitCodes.UNAVAILABLE);
    assertThat(err).hasLineCount(1).contains("is the cluster running?");
    assertThat(run("status", "--verbose")).isEqualTo(ExitCodes.UNAVAILABLE);
    assertThat(err).contains("\tat chat.client");
  }

  @Test
  void noPrimaryIsSaidByTheStatus() {
    cluster.demote();
    done("status");
    assertThat(run("status", "--output", "primary")).isEqualTo(ExitCodes.UNAVAILABLE);
    assertThat(out).isEmpty();
    assertThat(err).startsWith("No primary is known now");
  }

  @Test
  void passwordsComeFromAFileOrFromStandardInput() throws IOException {
    environment.remove("CHAT_PASSWORD");
    assertThat(run("create-account", "alice")).isEqualTo(ExitCodes.USAGE);
    assertThat(err).contains("CHAT_PASSWORD_FILE");
    Path file = Files.writeString(config.resolve("secret"), "from a file\n");
    environment.put("CHAT_PASSWORD_FILE", file.toString());
    done("create-account", "alice");
    input = "from a file\n";
    environment.remove("CHAT_PASSWORD_FILE");
    done("login", "alice", "--password-stdin");
  }

  @Test
  void eachLineOfStandardInputBecomesAMessage() {
    loggedIn("alice");
    input = "one\n\ntwo\nthree\n";
    done("send", "alice", "-");
    assertThat(out).isEqualTo("3 of 3 lines accepted.\n");
    assertThat(cluster.inbox("alice")).containsExactly("one", "two", "three");
  }

  @Test
  void accountsAreListedOverPagesAndDeleted() {
    loggedIn("alice");
    for (String name : with("anna", "bob", "carol", "dave")) {
      done("create-account", name);
    }
    done("accounts");
    assertThat(out.lines()).containsExactly("alice", "anna", "bob", "carol", "dave");
    done("accounts", "a*");
    assertThat(out.lines()).containsExactly("alice", "anna");
    cluster.post("bob", "alice", "unread");
    assertThat(run("delete-account")).isEqualTo(ExitCodes.REFUSED);
    assertThat(err).contains("--discard-undelivered");
    done("delete-account", "--discard-undelivered");
    assertThat(out).isEqualTo("Account alice is deleted, with 1 undelivered messages.\n");
  }

  @Test
  void interactiveSessionWorksInAPipe() {
    done("create-account", "bob");
    cluster.post("somebody", "bob", "while you were away");
    input =
        """
        create alice
        login bob
        send alice hello alice
        list
        nonsense
        status
        logout
        send alice again
        quit
        """;
    assertThat(run()).isEqualTo(ExitCodes.NOT_LOGGED_IN);
    assertThat(out)
        .contains("Logged in as bob; 1 unread message.")
        .contains("somebody: while you were away")
        .contains("Kept for alice.")
        .contains("\"nonsense\" is no command")
        .contains("Any two servers may crash.")
        .contains("Logged out bob.")
        .contains("You are not logged in; type: login NAME");
    assertThat(cluster.inbox("alice")).containsExactly("hello alice");
  }

  @Test
  void aMessageTypedDuringAFailoverIsSentOnce() {
    loggedIn("alice");
    cluster.killPrimary();
    cluster.promote(1);
    done("send", "alice", "hello");
    assertThat(cluster.inbox("alice")).containsExactly("hello");
  }

  @Test
  void helpAndVersionAreThere() {
    done("--version");
    assertThat(out).startsWith("chat client ");
    done("--help");
    assertThat(out).contains("create-account", "Exit codes:");
  }
}
