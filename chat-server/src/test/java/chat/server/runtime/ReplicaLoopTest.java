package chat.server.runtime;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import chat.server.chat.Outcome;
import chat.server.replication.Change;
import chat.server.replication.ServerId;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** R14, and the order of {@code Ready}: two servers of one cluster, of which 2 is primary. */
class ReplicaLoopTest {
  private static final ServerId BACKUP = new ServerId(1);
  private static final ServerId PRIMARY = new ServerId(2);
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Duration POLL = Duration.ofMillis(5);

  private final Map<ServerId, LoopServer> servers = new ConcurrentHashMap<>();

  @BeforeEach
  void makeServers() {
    SortedSet<ServerId> both = new TreeSet<>(List.of(BACKUP, PRIMARY));
    for (ServerId id : both) {
      servers.put(id, new LoopServer(id, both, servers));
    }
  }

  @AfterEach
  void stop() {
    servers.values().forEach(LoopServer::close);
  }

  @Test
  void entriesTravelWhileTheDiskWorksAndAnswersComeAfterIt() throws Exception {
    startAll();
    long before = server(PRIMARY).disk.durableIndex();
    get(server(PRIMARY).propose(new byte[] {1}));
    long index = before + 1;
    assertThat(server(PRIMARY).disk.calls())
        .containsSubsequence("send entries to " + index, "append to " + index, "sync");
    assertThat(server(BACKUP).disk.calls())
        .containsSubsequence("append to " + index, "sync", "send durable to " + index);
    assertThat(server(BACKUP).disk.calls()).containsOnlyOnce("append to " + index);
    await(() -> server(BACKUP).state.position().index() >= index);
    assertThat(server(PRIMARY).lies).isEmpty();
    assertThat(server(BACKUP).lies).isEmpty();
    assertThat(server(PRIMARY).failures).isEmpty();
    assertThat(server(BACKUP).failures).isEmpty();
  }

  @Test
  void aThreadThatLendsItselfSendsBeforeItsDiskWorks() throws Exception {
    startAll();
    FakeDisk disk = server(PRIMARY).disk;
    Lender lender = new Lender("network");
    int inOrder = 0;
    for (int i = 0; i < 50; i++) {
      CompletableFuture<CompletableFuture<Outcome>> proposed = new CompletableFuture<>();
      lender.execute(() -> proposed.complete(server(PRIMARY).propose(new byte[] {1})));
      get(get(proposed));
      List<String> calls = disk.calls();
      String entries = "entries to " + disk.durableIndex();
      int flushed = calls.indexOf("flush send " + entries);
      // Now and then the replica thread's beat comes first.
      inOrder +=
          flushed >= 0 && flushed < calls.indexOf("append to " + disk.durableIndex()) ? 1 : 0;
    }
    lender.end();
    assertThat(inOrder).isGreaterThan(25);
    assertThat(server(PRIMARY).lies).isEmpty();
  }

  @Test
  void oneCommandAloneCostsOneFsyncOnEachDiskAndOneRound() throws Exception {
    startAll();
    int commands = 10;
    List<Long> fewest = List.of();
    // A change of the view, on a machine that stands still for a second, costs more: again then.
    for (int round = 0; round < 5; round++) {
      List<Long> before = costs();
      for (int i = 0; i < commands; i++) {
        get(server(PRIMARY).propose(new byte[] {1}));
      }
      List<Long> after = costs();
      List<Long> spent = new ArrayList<>();
      for (int i = 0; i < before.size(); i++) {
        spent.add(after.get(i) - before.get(i));
      }
      fewest = spent;
      if (spent.stream().allMatch(cost -> cost == commands)) {
        break;
      }
    }
    assertThat(fewest).containsOnly((long) commands);
  }

  @Test
  void whatIsAskedDuringAViewChangeOfThePrimaryWaitsAndGoesOnInItsOrder() throws Exception {
    startAll();
    LoopServer primary = server(PRIMARY);
    server(BACKUP).deafen();
    CompletableFuture<Void> removed = primary.loop.change(new Change.Remove(BACKUP));
    await(primary::changesTheView);
    long before = primary.disk.durableIndex();
    List<CompletableFuture<Outcome>> outcomes =
        List.of(primary.propose(new byte[] {1}), primary.propose(new byte[] {2}));
    CompletableFuture<Void> read = primary.loop.readBarrier();
    long round = primary.loop.rounds();
    await(() -> primary.loop.rounds() > round + 1);
    assertThat(primary.disk.durableIndex()).isEqualTo(before);
    assertThat(outcomes).noneMatch(CompletableFuture::isDone);
    assertThat(read).isNotDone();
    server(BACKUP).hear();
    get(removed);
    for (CompletableFuture<Outcome> outcome : outcomes) {
      get(outcome);
    }
    get(read);
    List<byte[]> payloads = primary.disk.payloads();
    assertThat(payloads.get(payloads.size() - 2)).containsExactly(1);
    assertThat(payloads.get(payloads.size() - 1)).containsExactly(2);
  }

  @Test
  void whatIsAskedAfterTheEndIsRefusedAtOnce() throws Exception {
    startAll();
    ReplicaLoop ended = server(PRIMARY).loop;
    ended.close();
    for (CompletableFuture<?> late :
        List.of(
            ended.propose(new byte[] {1}, () -> true),
            ended.readBarrier(),
            ended.change(new Change.HandOver(BACKUP)),
            ended.confirmCrashed(BACKUP))) {
      assertThat(late).isCompletedExceptionally();
    }
  }

  /** Fsyncs of both, entries sent, answers sent. */
  private List<Long> costs() {
    return List.of(
        calls(PRIMARY, "sync"),
        calls(BACKUP, "sync"),
        calls(PRIMARY, "send entries"),
        calls(BACKUP, "send durable"));
  }

  private long calls(ServerId id, String prefix) {
    return server(id).disk.calls().stream().filter(call -> call.startsWith(prefix)).count();
  }

  @ParameterizedTest
  @CsvSource({"1,APPEND_FAILS", "1,SYNC_FAILS", "2,APPEND_FAILS", "2,SYNC_FAILS"})
  void aLogThatFailsEndsTheServerAtOnce(int id, FakeDisk.Fault fault) throws Exception {
    startAll();
    LoopServer broken = server(new ServerId(id));
    long before = broken.disk.durableIndex();
    broken.disk.breakDown(fault);
    var outcome = server(PRIMARY).propose(new byte[] {1});
    requireEnded(broken);
    assertThat(broken.disk.durableIndex()).isEqualTo(before);
    assertThat(broken.state.position().index()).isLessThanOrEqualTo(before);
    // Not acknowledged, for one of two disks has not got it.
    assertThat(outcome.isDone() && !outcome.isCompletedExceptionally()).isFalse();
    stop();
    assertThatThrownBy(() -> get(outcome))
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(ProposalException.class);
  }

  @ParameterizedTest
  @CsvSource({"1", "2"})
  void aHardStateThatCannotBeStoredEndsTheServerAtOnce(int id) throws Exception {
    LoopServer broken = server(new ServerId(id));
    broken.disk.breakDown(FakeDisk.Fault.STORE_FAILS);
    servers.values().forEach(LoopServer::start);
    requireEnded(broken);
    assertThat(broken.disk.calls())
        .doesNotContain("send Promise", "send Accepted", "send Installed")
        .containsOnlyOnce("store");
    assertThat(server(PRIMARY).serves()).isFalse();
  }

  /** The two tests above see a server that says what it has not stored: this one does. */
  @ParameterizedTest
  @EnumSource(names = {"SYNC_LIES", "STORE_LIES"})
  void whatIsSaidBeforeItIsOnTheDiskIsNoticed(FakeDisk.Fault fault) throws Exception {
    server(BACKUP).disk.breakDown(fault);
    startAll();
    get(server(PRIMARY).propose(new byte[] {1}));
    assertThat(server(BACKUP).lies).isNotEmpty();
    assertThat(server(PRIMARY).lies).isEmpty();
  }

  @Test
  void aDatabaseThatFailsIsFatalAndTheOutcomeStaysUnknown() throws Exception {
    startAll();
    LoopServer primary = server(PRIMARY);
    primary.state.failToApply();
    var outcome = primary.propose(new byte[] {1});
    await(() -> !primary.failures.isEmpty());
    assertThat(primary.failures.get(0)).hasMessage("the database failed");
    assertThat(outcome).isNotDone();
    stop();
    assertThatThrownBy(() -> get(outcome)).hasCauseInstanceOf(ProposalException.class);
  }

  private static void requireEnded(LoopServer broken) {
    await(() -> !broken.failures.isEmpty());
    // Its thread has ended when this returns: whatever it would have done, it has done.
    broken.close();
    assertThat(broken.failures).hasSize(1);
    assertThat(broken.failures.get(0))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("the disk failed");
    assertThat(broken.disk.callsAfterFailure()).isZero();
    assertThat(broken.lies).isEmpty();
  }

  private LoopServer server(ServerId id) {
    return requireNonNull(servers.get(id));
  }

  private void startAll() {
    servers.values().forEach(LoopServer::start);
    await(() -> server(PRIMARY).serves() && server(PRIMARY).isMemberOfAllServers());
  }

  private static <T> T get(CompletableFuture<T> future) throws Exception {
    return future.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
  }

  private static void await(BooleanSupplier condition) {
    Awaitility.await().atMost(PATIENCE).pollInterval(POLL).until(condition::getAsBoolean);
  }
}
