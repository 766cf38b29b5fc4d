package chat.client.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import chat.client.FakeCluster;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
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
  void theStatusIsWatchedUntilItIsInterrupted() throws InterruptedException {
    ByteArrayOutputStream shown = new ByteArrayOutputStream();
    AtomicInteger exitCode = new AtomicInteger();
    Thread watching =
        new Thread(
            () ->
                exitCode.set(
                    Main.run(
                        new String[] {"status", "--watch"},
                        Surroundings.of(
                            InputStream.nullInputStream(),
                            new PrintStream(shown, true, StandardCharsets.UTF_8),
                            new PrintStream(shown, true, StandardCharsets.UTF_8),
                            environment,
                            null))));
    watching.start();
    await()
        .atMost(Duration.ofMinutes(1))
        .until(() -> count(shown, "Any two servers may crash.") >= 2);
    cluster.close();
    await().atMost(Duration.ofMinutes(1)).until(() -> count(shown, "Trying again ...") >= 1);
    watching.interrupt();
    watching.join(60_000);
    assertThat(watching.isAlive()).isFalse();
    assertThat(exitCode).hasValue(ExitCodes.INTERRUPTED);
  }

  @Test
  void authoritiesThatAreNoneAreRefusedInASentence() throws IOException {
    Path file = Files.writeString(config.resolve("ca.pem"), "no certificate\n");
    assertThat(run("status", "--tls-ca", file.toString())).isEqualTo(ExitCodes.USAGE);
    assertThat(err).contains("There is no certificate in " + file + ".").doesNotContain("bug");
  }

  @Test
  void ctrlCGivesUpWhatIsWaitedForAndNotTheSession() throws Exception {
    done("create-account", "bob");
    ByteArrayOutputStream shown = new ByteArrayOutputStream();
    PrintStream screen = new PrintStream(shown, true, StandardCharsets.UTF_8);
    try (PipedOutputStream keys = new PipedOutputStream()) {
      InputStream typed = new PipedInputStream(keys);
      Thread chatting =
          new Thread(
              () ->
                  Main.run(
                      new String[0], Surroundings.of(typed, screen, screen, environment, null)));
      chatting.start();
      type(keys, "login bob\n");
      await().until(() -> count(shown, "Logged in as bob") == 1);
      cluster.close();
      type(keys, "list\n");
      await().until(() -> isIn("safely", chatting));
      chatting.interrupt();
      await().until(() -> count(shown, "Given up") == 1);
      type(keys, "nonsense\n");
      await().until(() -> count(shown, "\"nonsense\" is no command") == 1);
      type(keys, "quit\n");
      chatting.join(60_000);
      assertThat(chatting.isAlive()).isFalse();
    }
  }

  @Test
  void aLineForSomebodyIsNoCommandBecauseTheSessionHasEndedMeanwhile() throws Exception {
    done("create-account", "bob");
    ByteArrayOutputStream shown = new ByteArrayOutputStream();
    PrintStream screen = new PrintStream(shown, true, StandardCharsets.UTF_8);
    try (PipedOutputStream keys = new PipedOutputStream()) {
      InputStream typed = new PipedInputStream(keys);
      Thread chatting =
          new Thread(
              () ->
                  Main.run(
                      new String[0], Surroundings.of(typed, screen, screen, environment, null)));
      chatting.start();
      type(keys, "login bob\ntalk bob\n");
      await().until(() -> count(shown, "What you type now goes to bob") == 1);
      done("login", "bob", "--take-over");
      cluster.post("bob", "bob", "the servers speak");
      await().until(() -> count(shown, "Log in again with: login bob") == 1);
      type(keys, "quit it\n");
      await().until(() -> count(shown, "You are not logged in; type: login NAME") == 1);
      assertThat(count(shown, "is no command")).isZero();
      type(keys, "quit\n");
      chatting.join(60_000);
      assertThat(chatting.isAlive()).isFalse();
    }
  }

  private static void type(PipedOutputStream keys, String line) throws IOException {
    keys.write(line.getBytes(StandardCharsets.UTF_8));
    keys.flush();
  }

  private static boolean isIn(String method, Thread thread) {
    return Arrays.stream(thread.getStackTrace()).anyMatch(f -> f.getMethodName().equals(method))
        && thread.getState() != Thread.State.RUNNABLE;
  }

  private static long count(ByteArrayOutputStream shown, String sentence) {
    return shown.toString(StandardCharsets.UTF_8).lines().filter(l -> l.contains(sentence)).count();
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
    assertThat(err).hasLineCount(1).contains("is the cluster running");
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
        .contains("Any two servers may crash.", "View 7")
        .contains("Logged out bob.")
        .contains("You are not logged in; type: login NAME");
    assertThat(cluster.inbox("alice")).containsExactly("hello alice");
  }

  @Test
  void thePasswordIsChangedWhileChatting() {
    done("create-account", "bob");
    environment.remove("CHAT_PASSWORD");
    input =
        """
        login bob
        a good secret
        passwd
        not the one
        another good secret
        login bob
        nor this one
        whoami
        passwd
        a good secret
        another good secret
        send bob with the new session
        """;
    // The exit code is that of the wrong password.
    assertThat(run()).isEqualTo(ExitCodes.NOT_LOGGED_IN);
    assertThat(out)
        .containsSubsequence(
            "The password is wrong.",
            "You are bob; no unread messages.",
            "You are bob.",
            "The password of bob is changed.",
            "You are bob; no unread messages.",
            "Kept for bob.");
    assertThat(out).doesNotContain("ended", "secret");
    input = "another good secret\nyet another secret\n";
    done("passwd", "--password-stdin");
    input = "yet another secret\n";
    done("login", "bob", "--take-over", "--password-stdin");
  }

  @Test
  void commandsOfTheShellAreUnderstoodWhileChatting() {
    input =
        "create-account alice\nlogin alice\naccounts a*\ndelete-account --discard-undelivered\n";
    done();
    assertThat(out).contains("Account alice is made", "alice\n", "Account alice is deleted");
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
  void fullInboxIsSaidWhereLinesAreSent() {
    loggedIn("alice");
    cluster.limitInboxes(2);
    input = "one\ntwo\nthree\n";
    assertThat(run("send", "alice", "-", "--give-up-after", "0")).isEqualTo(ExitCodes.REFUSED);
    assertThat(out).contains("2 of 3 lines accepted.", "Accepted: 1-2.", "stopped at line 3");
    assertThat(err).contains("is full");
  }

  @Test
  void linesAreResumedFromAFile() {
    loggedIn("alice");
    String file = config.resolve("resume").toString();
    input = "one\ntwo\n";
    done("send", "alice", "-", "--resume-file", file, "--output", "json");
    assertThat(out).startsWith("{\"accepted\":2,\"lines\":2,\"done_before\":0,");
    input = "one\ntwo\nthree\n";
    done("send", "alice", "-", "--resume-file", file);
    assertThat(cluster.inbox("alice")).containsExactly("one", "two", "three");
    assertThat(run("send", "alice", "text", "--resume-file", file)).isEqualTo(ExitCodes.USAGE);
    assertThat(run("send", "bob", "-", "--resume-file", file)).isEqualTo(ExitCodes.USAGE);
    assertThat(err).contains("is about lines from alice to alice");
  }

  @Test
  void aPipeThatIsClosedEndsACommandWithoutAWord() {
    loggedIn("alice");
    cluster.post("alice", "alice", "one");
    cluster.post("alice", "alice", "two");
    StringBuilder said = new StringBuilder();
    for (String command : List.of("accounts", "inbox", "receive")) {
      assertThat(runUnread(command)).isEqualTo(ExitCodes.REFUSED);
      said.append(err);
    }
    assertThat(said)
        .hasToString(
            "Nobody reads the output any more; the rest stays unread." + System.lineSeparator());
    assertThat(cluster.acknowledged("alice")).isZero();
  }

  /** Runs a command whose output nobody reads any more. */
  private int runUnread(String... arguments) {
    OutputStream closed =
        new OutputStream() {
          @Override
          public void write(int b) throws IOException {
            throw new IOException("Broken pipe");
          }
        };
    ByteArrayOutputStream errBytes = new ByteArrayOutputStream();
    int code =
        Main.run(
            arguments,
            Surroundings.of(
                new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)),
                new PrintStream(closed, true, StandardCharsets.UTF_8),
                new PrintStream(errBytes, true, StandardCharsets.UTF_8),
                environment,
                null));
    err = errBytes.toString(StandardCharsets.UTF_8);
    return code;
  }

  @Test
  void whatWasDoneIsNoFailureBecauseNobodyReadsSo() {
    loggedIn("alice");
    assertThat(runUnread("send", "alice", "hello")).isZero();
    assertThat(err).contains("Kept for alice.");
    input = "one\ntwo\n";
    assertThat(runUnread("send", "alice", "-")).isZero();
    assertThat(err).contains("2 of 2 lines accepted.");
    assertThat(cluster.inbox("alice")).containsExactly("hello", "one", "two");
    assertThat(runUnread("create-account", "bob")).isZero();
    assertThat(runUnread("login", "bob")).isZero();
  }

  @Test
  void whatACommandIsAskedToPrintIsMissedWhenNobodyReads() {
    loggedIn("alice");
    assertThat(runUnread("status")).isEqualTo(ExitCodes.REFUSED);
    assertThat(runUnread("status", "--output", "json")).isEqualTo(ExitCodes.REFUSED);
    assertThat(runUnread("login", "alice", "--output", "token")).isEqualTo(ExitCodes.REFUSED);
  }

  @Test
  void messagesThatNobodyCanReadWhileChattingStayUnread() {
    done("create-account", "alice");
    cluster.post("somebody", "alice", "one");
    cluster.post("somebody", "alice", "two");
    input = "login alice\nlist\nquit\n";
    assertThat(runUnread()).isEqualTo(ExitCodes.REFUSED);
    assertThat(cluster.acknowledged("alice")).isZero();
  }

  @Test
  void aSessionThatCannotBeKeptIsSaidAndLeavesNothingBehind() throws IOException {
    done("create-account", "alice");
    Files.writeString(config.resolve("chat"), "in the way");
    assertThat(run("login", "alice")).isEqualTo(ExitCodes.REFUSED);
    assertThat(err).contains("cannot be kept in").hasLineCount(1);
  }

  @Test
  void whoLosesTheStreamToItsOwnOtherWindowStaysLoggedIn() {
    loggedIn("alice");
    SessionFiles files = new SessionFiles(config, cluster.addresses());
    String token = files.find("alice").orElseThrow().token();
    files.forget("alice", "the token of a session before");
    assertThat(files.find("alice").orElseThrow().token()).isEqualTo(token);
    files.forget("alice", token);
    assertThat(files.find("alice")).isEmpty();
  }

  @Test
  void talkSendsWholeLines() {
    done("create-account", "alice");
    done("create-account", "bob");
    input =
        """
        login bob
        talk alice
        quit
        send this as it is
        /end
        history alice
        """;
    done();
    assertThat(cluster.inbox("alice")).containsExactly("quit", "send this as it is");
    assertThat(out).contains("bob: quit");
  }

  @Test
  void theOnlySessionThatIsKeptIsGoneOnWith() {
    loggedIn("alice");
    cluster.post("alice", "alice", "unread");
    input = "quit\n";
    done();
    assertThat(out).contains("You are alice; 1 unread message.", "alice: unread");
  }

  @Test
  void namesThatWouldDriveTheTerminalAreShownHarmlessly() {
    input = "login \u001b[2Jeve\ntalk \u001b]0;x\u0007\n\u001b[31m\nsend \u001b[1mx y\n";
    run();
    run("login", "\u001b[2Jeve");
    run("send", "\u001b[2Jeve", "x", "--as", "\u001b[2J");
    assertThat(out + err).doesNotContain("\u001b").doesNotContain("\u0007");
  }

  @Test
  void shellsCanCompleteCommandsAndOptions() {
    done("completion");
    assertThat(out).contains("complete -F", "delete-account", "--resume-file");
  }

  @Test
  void anOptionsValueMayBeCalledLikeACommand() {
    loggedIn("status");
    loggedIn("alice");
    done("whoami", "--as", "status");
    assertThat(out).isEqualTo("status\n");
    assertThat(run("nonsense")).isEqualTo(ExitCodes.USAGE);
    done("--help", "send");
    assertThat(out).contains("create-account");
  }

  @Test
  void helpAndVersionAreThere() {
    done("--version");
    assertThat(out).startsWith("chat client ");
    done("--help");
    assertThat(out).contains("create-account", "Exit codes:");
  }
}
