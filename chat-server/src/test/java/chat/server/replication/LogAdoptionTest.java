package chat.server.replication;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class LogAdoptionTest {
  private static final ServerId SELF = new ServerId(1);
  private static final ServerId TWO = new ServerId(2);
  private static final ServerId THREE = new ServerId(3);
  private static final Epoch EPOCH = Epoch.of(1, THREE);

  private static final Entry FIRST = Entry.following(LogPosition.START, EPOCH, new byte[] {1});
  private static final Entry SECOND = Entry.following(FIRST.position(), EPOCH, new byte[] {2});
  private static final Entry OTHER =
      Entry.following(FIRST.position(), Epoch.of(2, TWO), new byte[] {3});
  private static final LogPosition END = SECOND.position();

  private final Core core = core();
  private final LogAdoption adoption = new LogAdoption(core);
  private final List<String> done = new ArrayList<>();

  @Test
  void whatTwoServersSayInTurnIsAskedForOnceAndEithersAnswerWillDo() {
    start(TWO);
    List<Envelope> asked = asked();
    assertThat(asked).extracting(Envelope::to).containsExactly(TWO);
    for (int i = 0; i < 10; i++) {
      start(THREE);
      start(TWO);
    }
    assertThat(asked()).isEmpty();
    start(THREE);
    core.now += core.settings.appendTimeout() + 1;
    adoption.tick();
    assertThat(asked()).extracting(Envelope::to).containsExactly(THREE);
    assertThat(adoption.fetched(TWO, asked.get(0).call(), entries(FIRST, SECOND))).isTrue();
    assertThat(done).containsExactly("by 3");
    assertThat(core.log.last()).isEqualTo(END);
  }

  @Test
  void whatIsLostWithItsConnectionIsAskedForAgainWithoutTheDoubledPause() {
    start(TWO);
    for (int i = 0; i < 4; i++) {
      core.now += core.settings.appendTimeout() << 4;
      adoption.tick();
    }
    List<Envelope> asked = asked();
    assertThat(asked).hasSize(5);
    core.now += core.settings.appendTimeout() + 1;
    adoption.disconnected(THREE);
    adoption.tick();
    assertThat(asked()).isEmpty();
    adoption.disconnected(TWO);
    adoption.tick();
    assertThat(asked()).hasSize(1);
    assertThat(adoption.fetched(TWO, asked.get(4).call(), entries(FIRST, SECOND))).isFalse();
  }

  @Test
  void anAnswerBetweenTwoRoundsLeavesTheLogAsItWasPromised() {
    start(TWO);
    long call = asked().get(0).call();
    adoption.cancel();
    assertThat(adoption.fetched(TWO, call, entries(FIRST, SECOND))).isTrue();
    assertThat(core.log.last()).isEqualTo(LogPosition.START);
    start(TWO);
    assertThat(adoption.fetched(TWO, asked().get(0).call(), entries(FIRST, SECOND))).isTrue();
    assertThat(done).containsExactly("by 2");
  }

  @Test
  void whoDoesNotHaveThatEndDoesNotHinderItForEver() {
    start(TWO);
    adoption.fetched(TWO, asked().get(0).call(), entries(FIRST, OTHER));
    assertThat(done).isEmpty();
    start(THREE);
    adoption.fetched(THREE, asked().get(0).call(), entries(FIRST, SECOND));
    assertThat(done).containsExactly("by 3");
    assertThat(core.log.last()).isEqualTo(END);
  }

  @Test
  void anotherSourceDoesNotWaitForThePauseOfTheFirst() {
    start(TWO);
    for (int i = 0; i < 4; i++) {
      core.now += core.settings.appendTimeout() << 4;
      adoption.tick();
    }
    adoption.cancel();
    core.now += core.settings.appendTimeout() + 1;
    asked();
    start(THREE);
    assertThat(asked()).extracting(Envelope::to).containsExactly(THREE);
    core.now += core.settings.appendTimeout() + 1;
    adoption.tick();
    assertThat(asked()).extracting(Envelope::to).containsExactly(THREE);
  }

  @Test
  void whatTheFirstSourceLacksTheSecondIsAskedFor() {
    start(TWO);
    long first = asked().get(0).call();
    start(THREE);
    adoption.fetched(TWO, first, new Message.Fetched(LogPosition.START, List.of(), 0, 7));
    List<Envelope> asked = asked();
    assertThat(asked).extracting(Envelope::to).containsExactly(THREE);
    adoption.fetched(THREE, asked.get(0).call(), entries(FIRST, SECOND));
    assertThat(done).containsExactly("by 3");
  }

  @Test
  void whoHasNothingYetIsNotAskedAtOnceAgain() {
    start(TWO);
    adoption.fetched(TWO, asked().get(0).call(), entries());
    assertThat(asked()).isEmpty();
    core.now += core.settings.appendTimeout() + 1;
    adoption.tick();
    assertThat(asked()).hasSize(1);
  }

  private void start(ServerId source) {
    assertThat(adoption.start(END, source, () -> done.add("by " + source))).isTrue();
  }

  private List<Envelope> asked() {
    return core.out.take(null).send();
  }

  private static Message.Fetched entries(Entry... entries) {
    return new Message.Fetched(LogPosition.START, List.of(entries), 0, 1);
  }

  /** Of server 1 of three, on an empty disk, before it has heard of anybody. */
  static Core core() {
    SortedSet<ServerId> servers = new TreeSet<>(Set.of(SELF, TWO, THREE));
    return new Core(
        new Identity(SELF, servers, "disk", "cluster"),
        Settings.DEFAULT,
        new ViewRules(),
        new Random(1),
        HardState.empty(View.unborn(servers)),
        new LogTail(LogPosition.START, List.of()),
        1);
  }
}
