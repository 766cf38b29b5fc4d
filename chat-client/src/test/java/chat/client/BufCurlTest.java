package chat.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import chat.client.ForeignTools.Said;
import chat.client.demo.LocalCluster;
import chat.common.ErrorReason;
import chat.v1.ChatServiceGrpc;
import com.google.rpc.ErrorInfo;
import io.grpc.MethodDescriptor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A real cluster and {@code buf curl}, which knows nothing of us: every RPC, the streams too, and
 * errors in words. Needs node and npm.
 */
@Timeout(900)
class BufCurlTest {
  private static final String BUF = "@bufbuild/buf@1.75.0";
  private static final Duration PATIENCE = Duration.ofMinutes(1);
  private static final Pattern ERROR_INFO =
      Pattern.compile("\"google.rpc.ErrorInfo\",\\s*\"value\": \"([^\"]*)\"");

  @TempDir Path directory;

  private final Set<String> called = new TreeSet<>();
  private Path buf;
  private String primary = "";

  @BeforeEach
  void getBuf() throws Exception {
    ForeignTools.npmInstall("BufCurlTest", directory, BUF);
    buf = directory.resolve("node_modules/.bin/buf");
    // It tells its version only if the program for this processor has come along.
    Said version = ForeignTools.run(directory, List.of(buf.toString(), "--version"));
    if (version.exitCode() != 0) {
      ForeignTools.skip("BufCurlTest", "buf does not run here: " + version.err());
    }
  }

  private List<String> command(String server, String method, String token, String json) {
    called.add(method);
    List<String> command = new ArrayList<>(List.of(buf.toString(), "curl"));
    command.addAll(List.of("--http2-prior-knowledge", "--protocol", "grpc"));
    command.addAll(List.of("--reflect-protocol", "grpc-v1", "--data", json));
    if (!token.isEmpty()) {
      command.addAll(List.of("--header", "authorization: Bearer " + token));
    }
    command.add("http://" + server + "/chat.v1.ChatService/" + method);
    return command;
  }

  private String ok(String method, String token, String json) throws Exception {
    Said said = ForeignTools.run(directory, command(primary, method, token, json));
    assertThat(said.exitCode()).as("%s %s: %s", method, json, said.err()).isZero();
    return said.out();
  }

  /** A refusal: its name in words, a sentence, and for programs a reason of ours. */
  private void refused(
      String code, ErrorReason reason, String method, String token, String json, String... words)
      throws Exception {
    Said said = ForeignTools.run(directory, command(primary, method, token, json));
    assertThat(said.exitCode()).as("%s %s: %s", method, json, said.out()).isNotZero();
    assertThat(said.err()).contains("\"code\": \"" + code + "\"");
    assertThat(words).allSatisfy(word -> assertThat(said.err()).contains(word));
    assertThat(errorInfo(said.err()).getReason()).isEqualTo(reason.name());
    assertThat(said.err()).containsPattern("\"message\": \"[A-Z0-9][^\"]*\\.\"");
  }

  private static ErrorInfo errorInfo(String error) throws IOException {
    Matcher found = ERROR_INFO.matcher(error);
    assertThat(found.find()).as("ErrorInfo in %s", error).isTrue();
    ErrorInfo info = ErrorInfo.parseFrom(Base64.getDecoder().decode(found.group(1)));
    assertThat(info.getDomain()).isEqualTo(ErrorReason.DOMAIN);
    return info;
  }

  private static String field(String name, String answer) {
    Matcher found = Pattern.compile("\"" + name + "\": \"?([^\",\\s]+)").matcher(answer);
    assertThat(found.find()).as("%s in %s", name, answer).isTrue();
    return found.group(1);
  }

  @Test
  void everyRpcAnswersAClientThatIsNotOurs() throws Exception {
    QuietCluster.with(this::everyRpc);
    assertThat(called)
        .as("every RPC that there is")
        .isEqualTo(
            ChatServiceGrpc.getServiceDescriptor().getMethods().stream()
                .map(MethodDescriptor::getBareMethodName)
                .collect(Collectors.toCollection(TreeSet::new)));
  }

  private void everyRpc(LocalCluster cluster) throws Exception {
    findThePrimary(cluster.addresses().split(",", -1));
    String alice = accountsAndSessions();
    String bob = field("sessionToken", ok("Login", "", login("bob", "builder-bob")));
    sending(alice);
    reading(bob);
    streaming(alice, bob);
    leaving(alice, bob);
  }

  private static String login(String name, String password) {
    return String.format("{\"username\": \"%s\", \"password\": \"%s\"}", name, password);
  }

  private void findThePrimary(String... servers) throws Exception {
    primary = servers[0];
    String status = ok("GetClusterStatus", "", "{}");
    assertThat(status).contains("SERVER_ROLE_BACKUP", "any two may crash and service goes on");
    int id = Integer.parseInt(field("primaryId", status));
    primary = servers[id % servers.length];
    refused(
        "unavailable",
        ErrorReason.NOT_PRIMARY,
        "CreateAccount",
        "",
        login("alice", "wonderland"),
        "server " + id + " at " + servers[id - 1]);
    primary = servers[id - 1];
  }

  private String accountsAndSessions() throws Exception {
    String request = login("alice", "wonderland").replace("}", ", \"request_id\": \"one\"}");
    assertThat(ok("CreateAccount", "", request)).isEqualToIgnoringWhitespace("{}");
    assertThat(ok("CreateAccount", "", request)).contains("\"duplicate\": true");
    ok("CreateAccount", "", login("bob", "builder-bob"));
    refused(
        "already_exists",
        ErrorReason.USERNAME_TAKEN,
        "CreateAccount",
        "",
        login("ALICE", "other-password"));
    refused(
        "invalid_argument",
        ErrorReason.BAD_USERNAME,
        "CreateAccount",
        "",
        login("a b", "password"));
    refused(
        "invalid_argument", ErrorReason.BAD_PASSWORD, "CreateAccount", "", login("carol", "short"));
    refused(
        "unauthenticated", ErrorReason.BAD_CREDENTIALS, "Login", "", login("alice", "wrong-one"));
    String session = ok("Login", "", login("alice", "wonderland"));
    assertThat(session).contains("expireTime");
    String alice = field("sessionToken", session);
    assertThat(ok("ListAccounts", alice, "{\"page_size\": 1}"))
        .contains("\"alice\"", "nextPageToken")
        .doesNotContain("bob");
    refused(
        "unauthenticated",
        ErrorReason.NO_SESSION,
        "ListAccounts",
        "",
        "{}",
        "authorization: Bearer");
    return alice;
  }

  private void sending(String alice) throws Exception {
    String hello = "{\"recipient\": \"bob\", \"text\": \"hello\", \"request_id\": \"two\"}";
    String sent = ok("SendMessage", alice, hello);
    assertThat(sent).contains("sentTime", "DELIVERY_QUEUED").doesNotContain("duplicate");
    assertThat(ok("SendMessage", alice, hello))
        .contains("\"duplicate\": true", "\"" + field("messageId", sent) + "\"");
    refused(
        "invalid_argument",
        ErrorReason.REQUEST_ID_REUSED,
        "SendMessage",
        alice,
        hello.replace("hello", "other"));
    refused(
        "not_found",
        ErrorReason.NO_SUCH_ACCOUNT,
        "SendMessage",
        alice,
        "{\"recipient\": \"nobody\", \"text\": \"hello\"}");
    refused(
        "invalid_argument",
        ErrorReason.BAD_TEXT,
        "SendMessage",
        alice,
        "{\"recipient\": \"bob\", \"text\": \" \"}");
    String answers =
        ok(
            "SendMessages",
            alice,
            "{\"recipient\": \"bob\", \"text\": \"first\", \"request_id\": \"three\"}"
                + "{\"recipient\": \"nobody\", \"text\": \"lost\", \"request_id\": \"four\"}"
                + "{\"recipient\": \"bob\", \"text\": \"second\", \"request_id\": \"five\"}");
    assertThat(answers).contains("\"three\"", "\"four\"", "\"five\"", "NO_SUCH_ACCOUNT");
    assertThat(answers.split("\"accepted\"", -1)).hasSize(3);
  }

  private void reading(String bob) throws Exception {
    String page = ok("FetchMessages", bob, "{\"page_size\": 1}");
    assertThat(page).contains("\"hello\"", "\"remainingCount\": 2").doesNotContain("first");
    ok("AcknowledgeMessages", bob, "{\"message_id\": \"" + field("messageId", page) + "\"}");
    assertThat(ok("FetchMessages", bob, "{}")).contains("first", "second").doesNotContain("hello");
    refused(
        "invalid_argument",
        ErrorReason.BAD_MESSAGE_ID,
        "AcknowledgeMessages",
        bob,
        "{\"message_id\": \"-1\"}");
    String history = ok("ListMessages", bob, "{\"peer\": \"alice\", \"page_size\": 2}");
    assertThat(history).containsSubsequence("second", "first", "nextPageToken");
    assertThat(
            ok(
                "ListMessages",
                bob,
                "{\"peer\": \"alice\", \"page_token\": \""
                    + field("nextPageToken", history)
                    + "\"}"))
        .contains("hello")
        .doesNotContain("nextPageToken");
    refused(
        "invalid_argument",
        ErrorReason.BAD_PAGE_TOKEN,
        "ListMessages",
        bob,
        "{\"peer\": \"alice\", \"page_token\": \"mine\"}");
  }

  /** What waits, the marker, heartbeats, a live message; then another takes the session over. */
  private void streaming(String alice, String bob) throws Exception {
    Path out = directory.resolve("stream.out");
    Path err = directory.resolve("stream.err");
    Process stream =
        new ProcessBuilder(command(primary, "ReceiveMessages", bob, "{}"))
            .redirectOutput(out.toFile())
            .redirectError(err.toFile())
            .start();
    try {
      await()
          .atMost(PATIENCE)
          .until(() -> Files.readString(out).contains("heartbeat") || !stream.isAlive());
      assertThat(Files.readString(out))
          .containsSubsequence("first", "second", "caughtUp", "heartbeat");
      refused(
          "failed_precondition",
          ErrorReason.ALREADY_LOGGED_IN,
          "Login",
          "",
          login("bob", "builder-bob"));
      assertThat(ok("SendMessage", alice, "{\"recipient\": \"bob\", \"text\": \"live\"}"))
          .contains("DELIVERY_LIVE");
      await().atMost(PATIENCE).until(() -> Files.readString(out).contains("\"live\""));
      ok("Login", "", login("bob", "builder-bob").replace("}", ", \"take_over\": true}"));
      await().atMost(PATIENCE).until(() -> !stream.isAlive());
      assertThat(Files.readString(err)).contains("\"unauthenticated\"");
      assertThat(errorInfo(Files.readString(err)).getReason())
          .isEqualTo(ErrorReason.SESSION_TAKEN_OVER.name());
    } finally {
      stream.descendants().forEach(ProcessHandle::destroyForcibly);
      stream.destroyForcibly();
    }
  }

  private void leaving(String alice, String formerBob) throws Exception {
    refused("unauthenticated", ErrorReason.SESSION_TAKEN_OVER, "Logout", formerBob, "{}");
    String oldBob = field("sessionToken", ok("Login", "", login("bob", "builder-bob")));
    String passwords = "{\"oldPassword\": \"%s\", \"newPassword\": \"can-we-fix-it\"}";
    refused(
        "unauthenticated",
        ErrorReason.BAD_CREDENTIALS,
        "ChangePassword",
        oldBob,
        String.format(passwords, "guessed-wrong"));
    String changed = ok("ChangePassword", oldBob, String.format(passwords, "builder-bob"));
    String bob = field("sessionToken", changed);
    refused("unauthenticated", ErrorReason.SESSION_TAKEN_OVER, "Logout", oldBob, "{}");
    refused(
        "failed_precondition", ErrorReason.UNDELIVERED_MESSAGES, "DeleteAccount", bob, "{}", "3");
    assertThat(ok("DeleteAccount", bob, "{\"discard_undelivered\": true}"))
        .contains("\"discardedCount\": 3");
    assertThat(ok("Logout", alice, "{}")).isEqualToIgnoringWhitespace("{}");
    refused("unauthenticated", ErrorReason.NO_SESSION, "ListAccounts", alice, "{}");
  }
}
