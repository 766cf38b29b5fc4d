package chat.server.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import chat.common.ErrorReason;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LoginThrottleTest {
  private static final int FREE = 5;
  private static final String HOME = "192.0.2.1";

  private final LoginThrottle throttle = new LoginThrottle(FREE);
  private long now = TimeUnit.DAYS.toNanos(1);

  @Test
  void someFailuresAreFreeThenTheWaitDoublesUpToAMinute() {
    for (int i = 0; i <= FREE; i++) {
      fail("ann", HOME);
    }
    long[] seconds = {1, 2, 4, 8, 16, 32, 60, 60};
    for (long wait : seconds) {
      assertThat(refusal("ann", HOME)).isEqualTo(Duration.ofSeconds(wait));
      now += TimeUnit.SECONDS.toNanos(wait) - 1;
      assertThat(refusal("ann", HOME)).isEqualTo(Duration.ofNanos(1));
      now++;
      fail("ann", HOME);
    }
  }

  @Test
  void aThousandAtOnceAreAThousand() {
    int let = 0;
    for (int i = 0; i < 1_000; i++) {
      try {
        var unused = throttle.begin("ann", HOME, now);
        let++;
      } catch (RefusedException e) {
        assertThat(e.refusal().reason()).isEqualTo(ErrorReason.RATE_LIMITED);
      }
    }
    assertThat(let).isEqualTo(FREE + 1);
  }

  @Test
  void allWhoComeAtOnceWithTheRightPasswordGetIn() {
    List<CompletableFuture<LoginThrottle.Attempt>> one = enter(100, i -> "ann");
    while (one.stream().anyMatch(entered -> !entered.isDone())) {
      one.stream().filter(CompletableFuture::isDone).forEach(e -> e.join().succeeded());
    }
    assertThat(one).allMatch(entered -> !entered.isCompletedExceptionally());

    List<CompletableFuture<LoginThrottle.Attempt>> many = enter(300, i -> "name" + i);
    assertThat(many.stream().filter(CompletableFuture::isDone)).hasSize(FREE * 10 + 1);
    List<CompletableFuture<Void>> done =
        many.stream().map(entered -> entered.thenAccept(LoginThrottle.Attempt::succeeded)).toList();
    assertThat(done).allMatch(CompletableFuture::isDone);
    assertThat(many).noneMatch(CompletableFuture::isCompletedExceptionally);
  }

  @Test
  void ofAThousandGuessesAtOnceTheOthersAreRefusedWhenTheFirstHaveFailed() {
    List<CompletableFuture<LoginThrottle.Attempt>> guesses = enter(1_000, i -> "ann");
    List<CompletableFuture<LoginThrottle.Attempt>> let =
        guesses.stream().filter(CompletableFuture::isDone).toList();
    assertThat(let).hasSize(FREE + 1);
    let.forEach(entered -> entered.join().failed());
    assertThat(guesses).allMatch(CompletableFuture::isDone);
    assertThat(guesses.stream().filter(CompletableFuture::isCompletedExceptionally))
        .hasSize(1_000 - let.size());
    assertThat(refusal("ann", HOME)).isEqualTo(Duration.ofSeconds(1));
  }

  @Test
  void noMoreWaitForOthersThanAreWorthRemembering() {
    List<CompletableFuture<LoginThrottle.Attempt>> guesses = enter(5_000, i -> "ann");
    assertThat(guesses.stream().filter(CompletableFuture::isCompletedExceptionally))
        .hasSize(5_000 - 1_000 - FREE - 1);
  }

  @Test
  void whoHasGivenUpTakesNoTurn() {
    List<CompletableFuture<LoginThrottle.Attempt>> let =
        enter(FREE + 1, i -> "ann").stream().filter(CompletableFuture::isDone).toList();
    AtomicBoolean waiting = new AtomicBoolean(true);
    CompletableFuture<LoginThrottle.Attempt> gone = throttle.enter("ann", HOME, waiting::get, now);
    CompletableFuture<LoginThrottle.Attempt> stays = throttle.enter("ann", HOME, () -> true, now);
    assertThat(gone).isNotDone();
    waiting.set(false);
    let.forEach(entered -> entered.join().succeeded());
    assertThat(gone).isCompletedExceptionally();
    assertThat(stays.join()).isNotNull();
  }

  private List<CompletableFuture<LoginThrottle.Attempt>> enter(
      int count, IntFunction<String> name) {
    return IntStream.range(0, count)
        .mapToObj(i -> throttle.enter(name.apply(i), HOME, () -> true, now))
        .toList();
  }

  @Test
  void whatIsRefusedIsNotCounted() {
    for (int i = 0; i <= FREE; i++) {
      fail("ann", HOME);
    }
    for (int i = 0; i < 1_000; i++) {
      assertThat(refusal("ann", HOME)).isEqualTo(Duration.ofSeconds(1));
    }
    now += TimeUnit.SECONDS.toNanos(1);
    throttle.begin("ann", HOME, now).succeeded();
  }

  @Test
  void theRightPasswordClearsTheAccountAndAnUncheckedOneCountsForNothing() {
    for (int round = 0; round < 20; round++) {
      for (int i = 0; i < FREE; i++) {
        fail("ann", HOME);
      }
      throttle.begin("ann", HOME, now).undecided();
      throttle.begin("ann", HOME, now).succeeded();
      now += TimeUnit.SECONDS.toNanos(50);
    }
  }

  @Test
  void namesThatDoNotExistAndTheirCaseMakeNoDifference() {
    for (int i = 0; i < FREE; i++) {
      fail(i % 2 == 0 ? "Nobody" : "nOBODY", HOME);
    }
    fail("nobody", HOME);
    assertThat(refusal("NOBODY", HOME)).isEqualTo(Duration.ofSeconds(1));
  }

  @Test
  void oneAddressThatTriesManyNamesWaitsButNotForThoseWhoWereThereBefore() {
    throttle.begin("bob", HOME, now).succeeded();
    for (int i = 0; i <= FREE * 10; i++) {
      fail("name" + i, HOME);
    }
    assertThat(refusal("one more", HOME)).isEqualTo(Duration.ofSeconds(1));
    throttle.begin("bob", HOME, now).succeeded();
    throttle.begin("one more", "192.0.2.2", now).succeeded();
  }

  /** The one who logs in to an account of his own between guesses does not wait less for it. */
  @Test
  void anOwnLoginDoesNotClearWhatTheAddressHasToWait() {
    throttle.begin("eve", HOME, now).succeeded();
    for (int i = 0; i <= FREE * 10; i++) {
      fail("name" + i, HOME);
    }
    throttle.begin("eve", HOME, now).succeeded();
    assertThat(refusal("one more", HOME)).isEqualTo(Duration.ofSeconds(1));
  }

  /** Guessing from many places neither goes on at full speed nor keeps the owner out. */
  @Test
  void anAttackFromManyAddressesLocksNobodyOutForGood() {
    throttle.begin("ann", HOME, now).succeeded();
    int guesses = attack(0, 400);
    assertThat(guesses)
        .as("guesses of 400 addresses at once")
        .isEqualTo(LoginThrottle.ACCOUNT_FREE);
    // From where the owner has been before, at once, in the middle of it.
    throttle.begin("ann", HOME, now).succeeded();
    // From a new place: behind those who came first, and not behind those who come later.
    Duration turn = refusal("ann", "203.0.113.9");
    assertThat(turn).isBetween(Duration.ofSeconds(10), Duration.ofSeconds(10 * 301));
    long until = now + turn.toNanos();
    int later = 1_000;
    while (now < until) {
      now = Math.min(until, now + TimeUnit.SECONDS.toNanos(30));
      attack(later, later + 10);
      attack(0, 400);
      later += 10;
    }
    throttle.begin("ann", "203.0.113.9", now).succeeded();
  }

  private int attack(int from, int to) {
    int guesses = 0;
    for (int i = from; i < to; i++) {
      try {
        throttle.begin("ann", "attacker " + i, now).failed();
        guesses++;
      } catch (RefusedException e) {
        assertThat(e.refusal().retryAfter()).isPresent();
      }
    }
    return guesses;
  }

  @Test
  void failuresAreForgotten() {
    for (int i = 0; i <= FREE; i++) {
      fail("ann", HOME);
    }
    now += TimeUnit.MINUTES.toNanos(15) * (FREE + 1);
    for (int i = 0; i <= FREE; i++) {
      fail("ann", HOME);
    }
    assertThat(refusal("ann", HOME)).isEqualTo(Duration.ofSeconds(1));
  }

  @Test
  void withoutALimitNobodyWaits() {
    LoginThrottle off = new LoginThrottle(0);
    for (int i = 0; i < 10_000; i++) {
      off.begin("ann", HOME, now).failed();
    }
  }

  private void fail(String name, String source) {
    throttle.begin(name, source, now).failed();
  }

  private Duration refusal(String name, String source) {
    RefusedException refused =
        catchThrowableOfType(
            RefusedException.class, () -> throttle.begin(name, source, now).undecided());
    assertThat(refused).as("it was let in").isNotNull();
    assertThat(refused.refusal().reason()).isEqualTo(ErrorReason.RATE_LIMITED);
    return refused.refusal().retryAfter().orElseThrow();
  }
}
