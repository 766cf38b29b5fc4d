package chat.server.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import chat.server.chat.Outcome;
import chat.server.replication.Entry;
import chat.server.replication.Epoch;
import chat.server.replication.HardState;
import chat.server.replication.LogPosition;
import chat.server.replication.ServerId;
import chat.server.replication.View;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ApplierTest {
  private static final long HOUR = TimeUnit.HOURS.toNanos(1);

  private final FakeDisk log = new FakeDisk(HardState.empty(View.unborn(Set.of(new ServerId(1)))));
  private final FakeState state = new FakeState();
  private final CompletableFuture<Throwable> failure = new CompletableFuture<>();
  private final CompletableFuture<Outcome> outcome = new CompletableFuture<>();
  private LogPosition last = LogPosition.START;

  @BeforeEach
  void fillTheLog() throws IOException {
    for (int i = 0; i < 5; i++) {
      Entry entry = Entry.following(last, new Epoch(0x101), new byte[] {1});
      log.append(List.of(entry), 0);
      last = entry.position();
    }
  }

  @Test
  void whatIsCommittedIsAppliedAndNothingElse() throws Exception {
    try (Applier applier = new Applier(state, log, failure::complete)) {
      LogPosition fourth = log.position(4).orElseThrow();
      CompletableFuture<Void> readable = new CompletableFuture<>();
      CompletableFuture<Outcome> fifth = new CompletableFuture<>();
      applier.expect(fourth, outcome);
      applier.expect(last, fifth);
      applier.whenApplied(4, readable);
      applier.start(applied -> {});
      applier.commit(4);
      assertThat(get(outcome)).isInstanceOf(Outcome.Nothing.class);
      get(readable);
      assertThat(state.position()).isEqualTo(fourth);
      assertThat(fifth).isNotDone();
    }
    assertThat(failure).isNotDone();
  }

  @Test
  void whatNobodyWaitsForIsGatheredUntilSomebodyDoes() throws Exception {
    try (Applier applier = new Applier(state, log, failure::complete, HOUR, HOUR)) {
      applier.start(applied -> {});
      applier.commit(3);
      CompletableFuture<Void> read = new CompletableFuture<>();
      applier.whenApplied(2, read);
      get(read);
      assertThat(state.position().index()).isEqualTo(3);
      applier.expect(last, outcome);
      applier.commit(5);
      assertThat(get(outcome)).isInstanceOf(Outcome.Nothing.class);
    }
  }

  @Test
  void aReadThatWaitsWhenTheApplierStopsIsRefused() throws Exception {
    CompletableFuture<Void> read = new CompletableFuture<>();
    try (Applier applier = new Applier(state, log, failure::complete)) {
      applier.start(applied -> {});
      applier.whenApplied(4, read);
    }
    assertThatThrownBy(() -> get(read)).hasRootCauseInstanceOf(ProposalException.class);
  }

  @Test
  void nobodyWaitsForTheDatabaseAndItGetsEverythingAllTheSame() throws Exception {
    try (Applier applier = new Applier(state, log, failure::complete, 0, 0)) {
      state.holdWrites();
      applier.expect(last, outcome);
      applier.start(applied -> {});
      applier.commit(5);
      assertThat(get(outcome)).isInstanceOf(Outcome.Nothing.class);
      assertThat(state.writtenIndex()).isZero();
      state.letWrite();
      // Without anything new to apply.
      await().untilAsserted(() -> assertThat(state.writtenIndex()).isEqualTo(5));
    }
  }

  @Test
  void aStartAppliesWithoutTheDatabaseWhichFollowsLater() throws Exception {
    try (Applier applier = new Applier(state, log, failure::complete, 0, HOUR)) {
      applier.expect(last, outcome);
      applier.start(applied -> {});
      applier.commit(5);
      assertThat(get(outcome)).isInstanceOf(Outcome.Nothing.class);
    }
    assertThat(state.writtenIndex()).isZero();
  }

  @Test
  void theDatabaseFollowsWhenSomebodyServes() throws Exception {
    try (Applier applier = new Applier(state, log, failure::complete, 0, HOUR)) {
      applier.expect(last, outcome);
      applier.start(applied -> {});
      applier.commit(5);
      assertThat(get(outcome)).isInstanceOf(Outcome.Nothing.class);
      applier.somebodyServes();
      await().untilAsserted(() -> assertThat(state.writtenIndex()).isEqualTo(5));
    }
  }

  @Test
  void whatWaitsForAnEntryThatWasCutOffHasAnUnknownOutcome() throws Exception {
    try (Applier applier = new Applier(state, log, failure::complete)) {
      LogPosition cut = new LogPosition(5, new Epoch(0x101), 7);
      CompletableFuture<Outcome> fourth = new CompletableFuture<>();
      applier.expect(log.position(4).orElseThrow(), fourth);
      applier.expect(cut, outcome);
      CompletableFuture<Outcome> instead = new CompletableFuture<>();
      applier.expect(last, instead);
      assertThat(applier.expected()).isEqualTo(2);
      assertThatThrownBy(() -> get(outcome)).hasRootCauseInstanceOf(ProposalException.class);
      applier.start(applied -> {});
      applier.commit(5);
      assertThat(get(fourth)).isInstanceOf(Outcome.Nothing.class);
      assertThat(get(instead)).isInstanceOf(Outcome.Nothing.class);
      assertThat(applier.expected()).isZero();
    }
  }

  @Test
  void aDatabaseThatFailsIsFatal() throws Exception {
    state.failToApply();
    requireFatal(log, "the database failed");
  }

  @Test
  void aCheckpointThatFailsIsFatal() throws Exception {
    state.failToCheckpoint();
    try (Applier applier = new Applier(state, log, failure::complete, 0, 0)) {
      applier.start(applied -> {});
      assertThat(get(failure)).hasMessage("the checkpoint failed");
    }
  }

  @Test
  void aStateThatIsNotTheLogsIsFatal() throws Exception {
    FakeState ahead = new FakeState();
    ahead.apply(List.of(Entry.following(LogPosition.START, new Epoch(0x909), new byte[] {2})));
    try (Applier applier = new Applier(ahead, log, failure::complete)) {
      applier.start(applied -> {});
      applier.commit(3);
      assertThat(get(failure)).hasMessageContaining("after 1@9.9");
    }
  }

  private void requireFatal(ReplicatedLog readable, String message) throws Exception {
    try (Applier applier = new Applier(state, readable, failure::complete)) {
      applier.expect(last, outcome);
      applier.start(applied -> {});
      applier.commit(5);
      assertThat(get(failure)).hasMessage(message);
      assertThat(outcome).isNotDone();
      assertThat(applier.appliedIndex()).isZero();
    }
    assertThatThrownBy(() -> get(outcome))
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(ProposalException.class);
  }

  private static <T> T get(CompletableFuture<T> future) throws Exception {
    return future.get(60, TimeUnit.SECONDS);
  }
}
