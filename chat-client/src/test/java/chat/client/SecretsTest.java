package chat.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import chat.client.demo.LocalCluster;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Looks through everything that a run of real servers wrote, with everything switched on that they
 * can log, for what must not be in it: passwords and session tokens nowhere, texts of messages
 * nowhere but in the replicated log and the database, and nothing of them in an error.
 */
class SecretsTest {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final String PASSWORD = "passwortgeheimnis-eins";
  private static final String CHANGED = "passwortgeheimnis-zwei";
  private static final String WRONG = "passwortgeheimnis-falsch";
  private static final String TEXT = "nachrichtengeheimnis von anna";
  private static final String REFUSED_TEXT = "nachrichtengeheimnis das niemand annimmt\0";

  private final List<String> tokens = new ArrayList<>();
  private final List<String> errors = new ArrayList<>();

  @Test
  void noPasswordTokenOrTextIsWhereItDoesNotBelong() throws Exception {
    try (LocalCluster cluster =
        LocalCluster.create(
                3,
                "--log-level",
                "trace",
                "--password-memory-kib",
                "64",
                "--password-iterations",
                "1")
            .startAll()) {
      cluster.awaitComplete(PATIENCE);
      try (ChatClient client = ChatClient.connect(cluster.addresses())) {
        use(client, cluster);
      }
      cluster.stop(cluster.ids().stream().mapToInt(Integer::intValue).toArray());
      look(cluster);
    }
  }

  private void use(ChatClient client, LocalCluster cluster) throws Exception {
    client.createAccount("anna", PASSWORD);
    client.createAccount("bert", PASSWORD);
    ChatSession anna = login(client, "anna", PASSWORD);
    ChatSession bert = login(client, "bert", PASSWORD);
    try (MessageStream stream = bert.receive()) {
      anna.send("bert", TEXT);
      while (!(stream.next().orElseThrow() instanceof ReceiveEvent.Arrived)) {
        // What comes before it.
      }
    }
    anna.send("bert", TEXT);
    anna.send("bert", TEXT, "same-id");
    refused(() -> anna.send("bert", TEXT + " nochmals", "same-id"));
    refused(() -> anna.send("bert", REFUSED_TEXT));
    refused(() -> anna.send("niemand", TEXT));
    refused(() -> client.login("anna", WRONG));
    refused(() -> client.login("niemand", WRONG));
    refused(() -> client.createAccount("anna", WRONG));
    refused(() -> client.createAccount("carl", "kurz!"));
    refused(() -> anna.changePassword(WRONG, CHANGED));
    ChatSession after = anna.changePassword(PASSWORD, CHANGED);
    tokens.add(after.token());
    refused(() -> anna.send("bert", TEXT));
    refused(() -> client.login("anna", PASSWORD));
    login(client, "anna", CHANGED).fetch(0);
    cluster.killHard(cluster.primaryId());
    cluster.awaitServing(PATIENCE);
    login(client, "bert", PASSWORD).send("anna", TEXT);
  }

  private ChatSession login(ChatClient client, String name, String password) {
    ChatSession session = client.login(name, password, true).session();
    tokens.add(session.token());
    return session;
  }

  private void refused(Runnable work) {
    Throwable thrown = catchThrowable(work::run);
    assertThat(thrown).isInstanceOf(ChatException.class);
    for (Throwable at = thrown; at != null; at = at.getCause()) {
      errors.add(at.toString());
    }
  }

  private void look(LocalCluster cluster) throws IOException {
    assertThat(tokens).hasSizeGreaterThan(4);
    Map<String, String> secrets = new TreeMap<>();
    secrets.put("the password", PASSWORD);
    secrets.put("the new password", CHANGED);
    secrets.put("the wrong password", WRONG);
    tokens.forEach(token -> secrets.put("token " + secrets.size(), token));
    boolean textSeen = false;
    int logs = 0;
    try (Stream<Path> walk = Files.walk(cluster.directory())) {
      for (Path file : walk.filter(Files::isRegularFile).toList()) {
        byte[] bytes = Files.readAllBytes(file);
        secrets.forEach(
            (what, secret) -> assertThat(has(bytes, secret)).as("%s in %s", what, file).isFalse());
        boolean data = cluster.ids().stream().anyMatch(id -> file.startsWith(cluster.data(id)));
        boolean text = has(bytes, "nachrichtengeheimnis");
        textSeen |= text;
        if (!data) {
          logs++;
          assertThat(bytes.length).as("%s says something", file).isPositive();
          assertThat(text).as("a text in %s", file).isFalse();
        }
      }
    }
    assertThat(logs).as("logs of servers").isGreaterThanOrEqualTo(3);
    assertThat(textSeen).as("a text is found where it is, so the others would be").isTrue();
    for (String error : errors) {
      assertThat(error).doesNotContain("geheimnis");
      tokens.forEach(token -> assertThat(error).doesNotContain(token));
    }
  }

  private static boolean has(byte[] bytes, String what) {
    for (Charset charset :
        List.of(StandardCharsets.UTF_8, StandardCharsets.UTF_16LE, StandardCharsets.UTF_16BE)) {
      // One character a byte: a search in a string is a search in bytes then.
      String in = new String(bytes, StandardCharsets.ISO_8859_1);
      if (in.contains(new String(what.getBytes(charset), StandardCharsets.ISO_8859_1))) {
        return true;
      }
    }
    return false;
  }
}
