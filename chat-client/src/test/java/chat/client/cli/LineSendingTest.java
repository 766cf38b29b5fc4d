package chat.client.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import chat.client.ChatClient;
import chat.client.ChatSession;
import chat.client.FakeCluster;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class LineSendingTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  @TempDir private Path folder;

  private final ByteArrayOutputStream said = new ByteArrayOutputStream();
  private FakeCluster cluster;
  private ChatClient client;
  private ChatSession alice;

  @BeforeEach
  void start() {
    cluster = new FakeCluster(3);
    cluster.promote(2);
    client =
        ChatClient.builder()
            .servers(cluster.addresses())
            .attemptTimeout(Duration.ofMillis(400))
            .callTimeout(Duration.ofSeconds(2))
            .build();
    client.createAccount("alice", "a good secret");
    client.createAccount("bob", "a good secret");
    alice = client.login("alice", "a good secret").session();
  }

  @AfterEach
  void stop() {
    client.close();
    cluster.close();
  }

  private static List<String> numbered(int first, int last) {
    return IntStream.rangeClosed(first, last).mapToObj(i -> "line " + i).toList();
  }

  private static InputStream input(List<String> lines) {
    String text = lines.stream().map(line -> line + "\n").collect(Collectors.joining());
    return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
  }

  private LineSending sending(InputStream in, @Nullable ResumeFile file, Duration patience) {
    PrintStream out = new PrintStream(said, true, StandardCharsets.UTF_8);
    return new LineSending(
        Surroundings.of(in, out, out, Map.of(), null), alice, "bob", file, patience);
  }

  private ResumeFile resumeFile() {
    return ResumeFile.open(
        folder.resolve("resume"), "alice", "bob", cluster.addresses(), Clock.systemUTC());
  }

  @Test
  void thePrimaryDiesInTheMiddleAndNothingIsLostOrDoubled() throws Exception {
    CompletableFuture<Void> killer =
        CompletableFuture.runAsync(
            () -> {
              await().atMost(PATIENCE).until(() -> cluster.inbox("bob").size() > 500);
              cluster.killPrimary();
              cluster.promote(1);
            });
    SendingReport report = sending(input(numbered(1, 3000)), null, PATIENCE).run();
    killer.join();
    assertThat(report.isComplete()).isTrue();
    assertThat(report.text()).startsWith("3000 of 3000 lines accepted.");
    assertThat(cluster.inbox("bob")).isEqualTo(numbered(1, 3000));
  }

  @Test
  void aFullInboxIsWaitedForAndSaid() throws Exception {
    cluster.limitInboxes(100);
    CompletableFuture<SendingReport> sending =
        CompletableFuture.supplyAsync(() -> run(sending(input(numbered(1, 350)), null, PATIENCE)));
    await()
        .atMost(PATIENCE)
        .until(() -> said.toString(StandardCharsets.UTF_8).contains("inbox of bob is full"));
    await()
        .atMost(PATIENCE)
        .until(
            () -> {
              cluster.acknowledgeAll("bob");
              return sending.isDone();
            });
    assertThat(sending.join().text()).isEqualTo("350 of 350 lines accepted.");
    // Within a window they may pass each other while the inbox fills up; none twice.
    assertThat(cluster.inbox("bob")).containsExactlyInAnyOrderElementsOf(numbered(1, 350));
  }

  @Test
  void anInboxThatStaysFullEndsIt() throws Exception {
    cluster.limitInboxes(10);
    SendingReport report = sending(input(numbered(1, 40)), null, Duration.ofMillis(300)).run();
    assertThat(report.failure()).hasMessageContaining("full");
    assertThat(report.text())
        .contains("10 of 40 lines accepted.")
        .contains("Accepted: 1-10.")
        .contains("stopped at line 11")
        .doesNotContain("Not known");
  }

  @Test
  void linesWaitForAPrimaryLongerThanACallDoes() throws Exception {
    cluster.demote();
    CompletableFuture<SendingReport> sending =
        CompletableFuture.supplyAsync(() -> run(sending(input(numbered(1, 9)), null, PATIENCE)));
    await()
        .atMost(PATIENCE)
        .until(() -> said.toString(StandardCharsets.UTF_8).contains("your lines are kept"));
    cluster.promote(3);
    assertThat(sending.join().text()).startsWith("9 of 9 lines accepted.");
    assertThat(cluster.inbox("bob")).isEqualTo(numbered(1, 9));
  }

  @Test
  void linesOfASlowInputKeepTheirOrderThroughALongOutage() throws Exception {
    cluster.demote();
    PipedOutputStream typing = new PipedOutputStream();
    PipedInputStream in = new PipedInputStream(typing);
    CompletableFuture<SendingReport> running =
        CompletableFuture.supplyAsync(() -> run(sending(in, null, PATIENCE)));
    typing.write("line 1\n".getBytes(StandardCharsets.UTF_8));
    await().pollDelay(Duration.ofMillis(1300)).until(() -> true);
    typing.write("line 2\n".getBytes(StandardCharsets.UTF_8));
    // The first has waited for as long as a call may take, the second has not.
    await().pollDelay(Duration.ofMillis(1300)).until(() -> true);
    cluster.promote(3);
    typing.close();
    assertThat(running.join().text()).startsWith("2 of 2 lines accepted.");
    assertThat(cluster.inbox("bob")).containsExactly("line 1", "line 2");
  }

  @Test
  void aLineThatIsNoTextIsNotSentAsAnother() throws Exception {
    byte[] lines = "one\ncaf\u00e9\nthree\n".getBytes(StandardCharsets.ISO_8859_1);
    SendingReport report = sending(new ByteArrayInputStream(lines), null, PATIENCE).run();
    assertThat(report.failure()).hasMessageContaining("is not text in UTF-8: caf?");
    assertThat(report.text()).contains("Accepted: 1.");
    assertThat(cluster.inbox("bob")).containsExactly("one");
  }

  @Test
  void anEndlessLineEndsItWithASentence() throws Exception {
    AtomicLong given = new AtomicLong();
    InputStream endless =
        new InputStream() {
          @Override
          public int read() {
            // More than anybody sends, and less than fits the memory.
            return given.incrementAndGet() > 64 << 20 ? -1 : 'x';
          }

          @Override
          public int read(byte[] buffer, int offset, int length) {
            Arrays.fill(buffer, offset, offset + length, (byte) 'x');
            return given.addAndGet(length) > 64 << 20 ? -1 : length;
          }
        };
    SendingReport report = sending(endless, null, PATIENCE).run();
    assertThat(report.failure()).hasMessageContaining("a line of it is longer than");
    assertThat(given.get()).isLessThan(8 << 20);
  }

  @Test
  void anInterruptionSaysExactlyWhatWasAcceptedAndTheNextRunGoesOn() throws Exception {
    PipedOutputStream typing = new PipedOutputStream();
    PipedInputStream in = new PipedInputStream(typing);
    typing.write("line 1\n\nline 3\n".getBytes(StandardCharsets.UTF_8));
    try (ResumeFile file = resumeFile()) {
      LineSending sending = sending(in, file, PATIENCE);
      CompletableFuture<SendingReport> running = CompletableFuture.supplyAsync(() -> run(sending));
      await().atMost(PATIENCE).until(() -> cluster.inbox("bob").size() == 2);
      sending.stop();
      assertThat(running.join().isComplete()).isFalse();
      assertThat(running.join().text())
          .contains("2 of 2 lines accepted.", "Accepted: 1, 3.", "no line is sent twice");
    }
    try (ResumeFile file = resumeFile()) {
      SendingReport report =
          sending(input(List.of("line 1", "", "line 3", "line 4")), file, PATIENCE).run();
      assertThat(report.text()).isEqualTo("Lines 1-3 were done before. 1 of 1 lines accepted.");
    }
    assertThat(cluster.inbox("bob")).containsExactly("line 1", "line 3", "line 4");
  }

  @Test
  void anInterruptionWithoutAPrimaryDoesNotClaimToKnow() throws Exception {
    try (ResumeFile file = resumeFile()) {
      cluster.freezePrimary();
      LineSending sending = sending(input(numbered(1, 5)), file, PATIENCE);
      CompletableFuture<SendingReport> running = CompletableFuture.supplyAsync(() -> run(sending));
      await()
          .atMost(PATIENCE)
          .until(() -> said.toString(StandardCharsets.UTF_8).contains("are kept"));
      sending.stop();
      assertThat(running.join().text())
          .contains("0 of 5 lines accepted.", "Nothing was accepted now.", "Not known: 1-5.");
    }
  }

  @Test
  void afterADeathWithoutGoodbyeNoLineIsSentTwice() throws Exception {
    try (ResumeFile file = resumeFile()) {
      // What a process had sent when it was killed: it could write down no more than the ids.
      for (int line = 1; line <= 20; line++) {
        alice.send("bob", "line " + line, file.id(line));
      }
    }
    try (ResumeFile file = resumeFile()) {
      SendingReport report = sending(input(numbered(1, 30)), file, PATIENCE).run();
      assertThat(report.text())
          .isEqualTo(
              "30 of 30 lines accepted. 20 of them had been accepted before and were not sent"
                  + " twice.");
    }
    assertThat(cluster.inbox("bob")).isEqualTo(numbered(1, 30));
  }

  @Test
  void anotherInputIsNotTakenForTheRest() throws Exception {
    try (ResumeFile file = resumeFile()) {
      assertThat(sending(input(numbered(1, 5)), file, PATIENCE).run().isComplete()).isTrue();
    }
    for (List<String> other : List.of(numbered(2, 9), numbered(1, 3))) {
      try (ResumeFile file = resumeFile()) {
        CommandFailure failure =
            org.assertj.core.api.Assertions.catchThrowableOfType(
                CommandFailure.class, () -> sending(input(other), file, PATIENCE).run());
        assertThat(failure).hasMessageContaining("The first 5 lines are not those");
      }
    }
    assertThat(cluster.inbox("bob")).hasSize(5);
  }

  @Test
  void aSessionThatEndsIsSaidWithWhatWasAccepted() throws Exception {
    PipedOutputStream typing = new PipedOutputStream();
    PipedInputStream in = new PipedInputStream(typing);
    typing.write("line 1\n".getBytes(StandardCharsets.UTF_8));
    CompletableFuture<SendingReport> running =
        CompletableFuture.supplyAsync(() -> run(sending(in, null, PATIENCE)));
    await().atMost(PATIENCE).until(() -> cluster.inbox("bob").size() == 1);
    client.login("alice", "a good secret");
    typing.write("line 2\n".getBytes(StandardCharsets.UTF_8));
    SendingReport report = running.join();
    assertThat(report.failure()).isNotNull();
    assertThat(report.text()).contains("Accepted: 1.", "stopped at line 2").doesNotContain("known");
  }

  @Test
  void theProgressLineFitsAnyTerminal() {
    String line = Progress.line(12_345_678, 990_000, 1_000_000_000L, 1_000_000);
    assertThat(line).isEqualTo("[###########.]  99% 12,345,678  12,345,678/s");
    assertThat(Progress.line(43_000, 430, 4_000_000_000L, 1_000)).hasSizeLessThan(40);
    assertThat(Progress.line(3, 10, 1_000_000_000L, 0)).isEqualTo("3 lines, 3/s");
  }

  private static SendingReport run(LineSending sending) {
    try {
      return sending.run();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
