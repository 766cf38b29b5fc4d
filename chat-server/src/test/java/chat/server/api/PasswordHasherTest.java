package chat.server.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import chat.common.ErrorReason;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PasswordHasherTest {
  private static final PasswordCost CHEAP = new PasswordCost(64, 1, 1);

  private final PasswordHasher hasher = new PasswordHasher(CHEAP, 1, 64, new SecureRandom());

  @AfterEach
  void close() {
    hasher.close();
  }

  @Test
  void theRightPasswordMatchesAndAWrongOneDoesNot() {
    String phc = hasher.hash("correct horse", PasswordHasherTest::always).join();
    assertThat(hasher.verify("correct horse", phc, PasswordHasherTest::always).join()).isTrue();
    assertThat(hasher.verify("correct horsf", phc, PasswordHasherTest::always).join()).isFalse();
  }

  @Test
  void twoHashesOfOnePasswordDiffer() {
    assertThat(hasher.hash("correct horse", PasswordHasherTest::always).join())
        .isNotEqualTo(hasher.hash("correct horse", PasswordHasherTest::always).join());
  }

  @Test
  void aHashNamesTheCostItWasMadeWith() throws Exception {
    try (PasswordHasher standard =
        new PasswordHasher(PasswordCost.standard(), 1, 1, new SecureRandom())) {
      String phc = standard.hash("correct horse", PasswordHasherTest::always).get();
      assertThat(phc).startsWith("$argon2id$v=19$m=19456,t=2,p=1$");
      assertThat(hasher.verify("correct horse", phc, PasswordHasherTest::always).get()).isTrue();
    }
  }

  @Test
  void theReferenceVectorOfArgon2Matches() {
    // From the test suite of the reference implementation (phc-winner-argon2, test.c).
    String phc =
        "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$" + "nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
    assertThat(hasher.verify("password", phc, PasswordHasherTest::always).join()).isTrue();
  }

  @Test
  void anUnknownNameNeverMatches() {
    assertThat(hasher.verifyNothing("correct horse", PasswordHasherTest::always).join()).isFalse();
  }

  @Test
  void somethingElseThanAHashIsAFault() {
    assertThatThrownBy(() -> hasher.verify("x", "$2a$10$abc", PasswordHasherTest::always).get())
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void whatIsGivenUpIsNotLookedAtAndMakesRoom() throws Exception {
    try (PasswordHasher small = new PasswordHasher(CHEAP, 1, 1, new SecureRandom())) {
      CountDownLatch release = new CountDownLatch(1);
      CompletableFuture<String> first = small.hash("correct horse", () -> opened(release));
      AtomicBoolean waiting = new AtomicBoolean(true);
      // Whoever looked at it would find that it is no hash.
      CompletableFuture<Boolean> second = small.verify("x", "no hash", waiting::get);
      waiting.set(false);
      CompletableFuture<Boolean> third = small.verify("x", "no hash", PasswordHasherTest::always);
      assertGivenUp(second);
      release.countDown();
      assertThat(first.get()).isNotEmpty();
      assertThatThrownBy(third::get).hasCauseInstanceOf(IllegalArgumentException.class);
      assertGivenUp(small.verify("x", "no hash", () -> false));
    }
  }

  @Test
  void whatFailsInAnyWayIsAnswered() {
    CompletableFuture<String> answer =
        hasher.hash(
            "correct horse",
            () -> {
              throw new OutOfMemoryError("none is left");
            });
    assertThatThrownBy(() -> answer.get(20, TimeUnit.SECONDS))
        .hasCauseInstanceOf(OutOfMemoryError.class);
    assertThat(hasher.verifyNothing("correct horse", PasswordHasherTest::always).join()).isFalse();
  }

  private static boolean always() {
    return true;
  }

  private static boolean opened(CountDownLatch latch) {
    try {
      return latch.await(20, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void assertGivenUp(CompletableFuture<?> answer) {
    assertThatThrownBy(() -> answer.get(20, TimeUnit.SECONDS))
        .hasCauseInstanceOf(RefusedException.class)
        .hasMessageContaining("Nobody waits");
  }

  @Test
  void tooManyAtOnceAreRefusedAndTheRestAnswered() {
    try (PasswordHasher small =
        new PasswordHasher(new PasswordCost(8 * 1024, 2, 1), 1, 1, new SecureRandom())) {
      List<CompletableFuture<String>> answers = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        answers.add(small.hash("correct horse", PasswordHasherTest::always));
      }
      int refused = 0;
      for (CompletableFuture<String> answer : answers) {
        try {
          assertThat(answer.get()).startsWith("$argon2id$");
        } catch (ExecutionException e) {
          assertThat(ErrorMapping.refusal(e, true).reason()).isEqualTo(ErrorReason.OVERLOADED);
          refused++;
        } catch (InterruptedException e) {
          throw new AssertionError(e);
        }
      }
      assertThat(refused).isBetween(1, 18);
    }
  }
}
