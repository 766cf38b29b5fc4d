package chat.server.replication;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class CatchupTest {
  private static final ServerId TWO = new ServerId(2);
  private static final ServerId THREE = new ServerId(3);
  private static final Incarnation RUN = new Incarnation(1);

  private static final Epoch EPOCH = Epoch.of(1, TWO);
  private static final Entry FIRST = Entry.following(LogPosition.START, EPOCH, new byte[] {1});
  private static final Entry SECOND = Entry.following(FIRST.position(), EPOCH, new byte[] {2});

  private final Core core = LogAdoptionTest.core();
  private final Catchup catchup = new Catchup(core);
  private Ready ready = core.out.take(null);

  @Test
  void whatAnEarlierTeacherHasForgottenThePresentOneIsAskedFor() {
    long call = askedOfTwoBeforeThreeTeaches();
    catchup.fetched(TWO, call, new Message.Fetched(LogPosition.START, List.of(), 2, 7));
    assertThat(asked()).extracting(Envelope::to).containsExactly(THREE);
    assertThat(ready.ending()).isNull();
  }

  @Test
  void whatAnEarlierTeacherHasIsTakenAndTheRestIsAskedOfThePresentOne() {
    long call = askedOfTwoBeforeThreeTeaches();
    catchup.fetched(TWO, call, new Message.Fetched(LogPosition.START, List.of(FIRST), 2, 1));
    assertThat(core.commitIndex()).isEqualTo(1);
    List<Envelope> asked = asked();
    assertThat(asked).extracting(Envelope::to).containsExactly(THREE);
    catchup.fetched(
        THREE, asked.get(0).call(), new Message.Fetched(FIRST.position(), List.of(SECOND), 2, 1));
    assertThat(core.commitIndex()).isEqualTo(2);
  }

  @Test
  void whatTheTeacherHasForgottenTakesASnapshot() {
    acts(TWO, 1);
    catchup.tick();
    long call = asked().get(0).call();
    catchup.fetched(TWO, call, new Message.Fetched(LogPosition.START, List.of(), 9, 7));
    assertThat(asked()).isEmpty();
    assertThat(ready.ending()).isEqualTo(new Ready.Ending.SnapshotNeeded(TWO, core.cluster()));
  }

  private long askedOfTwoBeforeThreeTeaches() {
    acts(TWO, 1);
    catchup.tick();
    List<Envelope> asked = asked();
    assertThat(asked).extracting(Envelope::to).containsExactly(TWO);
    acts(THREE, 2);
    return asked.get(0).call();
  }

  private List<Envelope> asked() {
    ready = core.out.take(null);
    return ready.send().stream().filter(e -> e.message() instanceof Message.FetchRequest).toList();
  }

  /** A server says that it acts as primary of a view without this one. */
  private void acts(ServerId primary, long counter) {
    View view =
        new View(
            Epoch.of(counter, primary),
            new TreeMap<>(Map.of(TWO, RUN, THREE, RUN)),
            primary,
            core.cluster());
    Peers.Peer peer = Objects.requireNonNull(core.peers.get(primary));
    core.peers.heard(peer, RUN, "disk", core.now);
    core.peers.reported(
        peer,
        new Report(
            1,
            view,
            false,
            true,
            SECOND.position(),
            2,
            2,
            new TreeSet<>(),
            new TreeSet<>(),
            "",
            false));
  }
}
