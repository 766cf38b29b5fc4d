package chat.server.replication;

import static chat.server.replication.Schedules.born;
import static chat.server.replication.Schedules.caught;
import static chat.server.replication.Schedules.caughtOrOutOfService;
import static chat.server.replication.Schedules.id;
import static chat.server.replication.Schedules.propose;
import static chat.server.replication.Schedules.servesWithout;
import static chat.server.replication.Schedules.stirred;
import static chat.server.replication.Schedules.view;
import static chat.server.replication.Schedules.waits;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Collection;
import java.util.Comparator;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * The rules about acknowledging and about changing the view (R2, R3, R5, R8, R12), each taken out
 * once: the intact core passes the schedule made for it, and the checker finds the damage in the
 * other. The breaking is done here, by overriding {@link ViewRules}.
 */
class BrokenViewRulesTest {
  @Test
  void r2AnEntryThatOneMemberLacksIsNotAcknowledged() {
    caught(
        rules -> {
          SimulatedCluster cluster = born(rules);
          cluster.isolate(3);
          propose(cluster, 3, 1);
          cluster.crash(3);
          cluster.runUntil(5_000, c -> c.servedBy(2));
          propose(cluster, 2, 1);
          assertThat(cluster.checker().acknowledgedCount()).isEqualTo(1);
        },
        new ViewRules() {
          @Override
          long committed(long own, java.util.Collection<Long> others) {
            return own;
          }
        });
  }

  @Test
  void r3AnAcceptedValueIsProposedAgain() {
    caught(
        rules -> {
          SimulatedCluster cluster = born(rules);
          cluster.isolate(3);
          Epoch base = view(cluster, 3);
          // The candidate installs; the other accepts and hears no more of it.
          cluster.passes =
              e ->
                  !((e.message() instanceof Message.InstallRequest
                          || e.message() instanceof Message.Heartbeat
                          || e.message() instanceof Message.HeartbeatAnswer)
                      && (stirred(cluster, 1, base) || stirred(cluster, 2, base)));
          assertThat(
                  cluster.runUntil(
                      5_000, c -> view(c, 1).isAfter(base) || view(c, 2).isAfter(base)))
              .isTrue();
          assertThat(view(cluster, 1)).isNotEqualTo(view(cluster, 2));
          cluster.crash(view(cluster, 1).isAfter(base) ? 1 : 2);
          cluster.heal();
          cluster.passes = e -> true;
          assertThat(
                  cluster.runUntil(
                      10_000, c -> c.server(2).alive() ? c.servedBy(2) : c.servedBy(1)))
              .isTrue();
          cluster.run(2_000);
        },
        new ViewRules() {
          @Override
          HardState.@Nullable Accepted mustAdopt(
              Epoch base, java.util.Collection<ViewRules.Given> promises) {
            return null;
          }
        });
  }

  @Test
  void r5RestartedMembersHaveNoVote() {
    caught(
        rules -> {
          SimulatedCluster cluster = born(rules);
          cluster.crash(1);
          cluster.crash(2);
          assertThat(cluster.runUntil(5_000, c -> c.server(3).disk.hard.view().size() == 1))
              .isTrue();
          propose(cluster, 3, 2);
          assertThat(cluster.checker().acknowledgedCount()).isEqualTo(2);
          cluster.crash(3);
          cluster.start(1, 2);
          cluster.run(10_000);
          propose(cluster, 1, 1);
          propose(cluster, 2, 1);
          assertThat(cluster.primary()).isNull();
          cluster.start(3);
          assertThat(cluster.runUntil(10_000, SimulatedCluster::complete)).isTrue();
        },
        new ViewRules() {
          @Override
          boolean votes(View base, ServerId id, Incarnation incarnation, Epoch installed) {
            return installed.equals(base.ballot());
          }
        });
  }

  @Test
  void r12TheLogOfTheLaterViewIsTheNewerOneHoweverShort() {
    caughtOrOutOfService(
        rules -> {
          SimulatedCluster cluster = born(rules);
          propose(cluster, 3, 4);
          cluster.isolate(3);
          propose(cluster, 3, 10);
          assertThat(cluster.runUntil(5_000, c -> c.servedBy(2))).isTrue();
          cluster.heal();
          // Server 3 learns nothing yet, and server 1 not how far server 2 has committed.
          cluster.passes =
              e ->
                  !(e.message() instanceof Message.JoinRequest
                      || e.message() instanceof Message.FetchRequest);
          cluster.run(500);
          cluster.delayMax = 0;
          Predicate<Envelope> silence =
              e ->
                  !(e.message() instanceof Message.FetchRequest && e.from().value() == 3)
                      && !(e.from().value() == 2
                          && e.to().value() == 1
                          && (e.message() instanceof Message.Heartbeat
                              || e.message() instanceof Message.HeartbeatAnswer));
          cluster.passes = silence;
          cluster.propose(cluster.server(2));
          cluster.propose(cluster.server(2));
          cluster.run(20);
          assertThat(cluster.checker().acknowledgedCount()).isEqualTo(6);
          assertThat(cluster.server(3).disk.length()).isEqualTo(14);
          // Server 3 is decided into the view but neither accepts nor installs it; 2 dies.
          cluster.passes =
              silence.and(
                  e ->
                      !(e.to().value() == 3
                          && (e.message() instanceof Message.AcceptRequest
                              || e.message() instanceof Message.InstallRequest)));
          assertThat(cluster.runUntil(5_000, c -> c.server(1).disk.hard.accepted() != null))
              .isTrue();
          cluster.crash(2);
          assertThat(cluster.runUntil(5_000, c -> c.server(1).disk.hard.view().has(id(3))))
              .isTrue();
          cluster.start(2);
          cluster.passes =
              e -> !(e.to().value() == 3 && e.message() instanceof Message.InstallRequest);
          cluster.run(3_000);
          cluster.passes = e -> true;
          assertThat(cluster.runUntil(20_000, SimulatedCluster::complete)).isTrue();
          propose(cluster, 1, 1);
          propose(cluster, 2, 1);
          propose(cluster, 3, 1);
        },
        new Schedules.AllAcceptAtOnce(),
        new Schedules.AllAcceptAtOnce() {
          @Override
          int compareLogs(Message.Promise a, Message.Promise b) {
            return Long.compare(a.end().index(), b.end().index());
          }

          // Members that have the base installed have logs of one view: the second guard.
          @Override
          boolean mayPromiseIn(View base, ServerId id, Epoch installed) {
            return true;
          }
        });
  }

  @Test
  void r3AViewThatIsNotAcceptedByAllIsInstalledByNobody() {
    caught(
        rules -> {
          SimulatedCluster cluster = born(rules);
          cluster.isolate(3);
          // One of the others decides a view, and the second hears no more of it than that.
          cluster.passes =
              e ->
                  !(e.message() instanceof Message.AcceptRequest
                      || e.message() instanceof Message.InstallRequest);
          Epoch base = view(cluster, 3);
          assertThat(cluster.runUntil(4_000, c -> stirred(c, 1, base) || stirred(c, 2, base)))
              .isTrue();
          int candidate = stirred(cluster, 1, base) ? 1 : 2;
          cluster.heal();
          cluster.isolate(candidate);
          cluster.passes = e -> true;
          assertThat(cluster.runUntil(8_000, c -> c.servedBy(3) && view(c, 3).isAfter(base)))
              .isTrue();
          propose(cluster, 3, 1);
          assertThat(cluster.checker().acknowledgedCount()).isEqualTo(1);
          cluster.heal();
          assertThat(cluster.runUntil(10_000, SimulatedCluster::complete)).isTrue();
        },
        new ViewRules() {
          @Override
          boolean isChosen(Set<ServerId> participants, Set<ServerId> accepted) {
            return !accepted.isEmpty();
          }
        });
  }

  @Test
  void r3AnAcceptedViewIsAdoptedWithItsLog() {
    caught(
        rules -> {
          SimulatedCluster cluster = born(rules, 5);
          propose(cluster, 5, 2);
          // Ten entries reach server 4 only; then 5 is cut off from it, and 1 from 2 to 4.
          cluster.part(Set.of(5), Set.of(1, 2, 3));
          propose(cluster, 5, 10);
          assertThat(cluster.server(4).disk.length()).isEqualTo(12);
          cluster.part(Set.of(1, 5), Set.of(2, 3, 4));
          // 2, 3 and 4 accept 4's next view with the longer log, and 4 does not hear of it yet.
          cluster.passes =
              e -> !(e.from().value() < 4 && e.message() instanceof Message.PromiseRequest);
          cluster.held = e -> e.message() instanceof Message.Accepted;
          Epoch base = view(cluster, 5);
          assertThat(cluster.runUntil(5_000, c -> stirred(c, 2, base) && stirred(c, 3, base)))
              .isTrue();
          // With 1 and 5, server 2 has to finish that very view.
          cluster.held = e -> e.message() instanceof Message.Accepted && e.to().value() == 4;
          cluster.heal();
          cluster.part(Set.of(3, 4), Set.of(1, 2, 5));
          cluster.passes = e -> true;
          assertThat(cluster.runUntil(900, c -> view(c, 2).isAfter(base))).isTrue();
          // 4 hears of it and acts, with 12 entries, which counts on 2 for having them.
          cluster.heal();
          cluster.part(Set.of(1, 5), Set.of(2, 3, 4));
          cluster.passes = e -> !(e.message() instanceof Message.PromiseRequest);
          cluster.release();
          assertThat(cluster.runUntil(300, c -> c.servedBy(4))).isTrue();
          assertThat(cluster.checker().acknowledgedCount()).isEqualTo(12);
          cluster.run(600);
          cluster.passes = e -> true;
          cluster.crash(3);
          cluster.crash(4);
          assertThat(cluster.runUntil(2_000, c -> c.servedBy(2))).isTrue();
          cluster.heal();
          cluster.start(3, 4);
          assertThat(cluster.runUntil(20_000, SimulatedCluster::complete)).isTrue();
        },
        new ViewRules() {
          @Override
          HardState.@Nullable Accepted mustAdopt(Epoch base, Collection<Given> promises) {
            HardState.Accepted accepted = super.mustAdopt(base, promises);
            if (accepted == null) {
              return null;
            }
            LogPosition shortest =
                promises.stream()
                    .map(given -> given.promise().end())
                    .min(Comparator.comparingLong(LogPosition::index))
                    .orElseThrow();
            return new HardState.Accepted(
                accepted.base(),
                accepted.ballot(),
                new Proposal(accepted.value().view(), shortest));
          }
        });
  }

  @Test
  void r8AnEmptyDiskIsNotTheOneThatTheOthersWaitFor() {
    caught(
        rules -> {
          SimulatedCluster cluster = born(rules);
          cluster.crash(1);
          cluster.crash(2);
          assertThat(cluster.runUntil(5_000, c -> servesWithout(c, 3, 1) && servesWithout(c, 3, 2)))
              .isTrue();
          propose(cluster, 3, 2);
          assertThat(cluster.checker().acknowledgedCount()).isEqualTo(2);
          cluster.crash(3);
          cluster.wipe(3);
          cluster.startAll();
          cluster.run(10_000);
          cluster.propose();
          cluster.run(1_000);
          waits(cluster, 1, 3);
        },
        new ViewRules() {
          @Override
          boolean isKnownDisk(Cluster cluster, ServerId id, String diskId) {
            return true;
          }
        });
  }
}
