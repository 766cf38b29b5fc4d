package chat.server.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import chat.common.ErrorReason;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
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
    String phc = hasher.hash("correct horse").join();
    assertThat(hasher.verify("correct horse", phc).join()).isTrue();
    assertThat(hasher.verify("correct horsf", phc).join()).isFalse();
  }

  @Test
  void twoHashesOfOnePasswordDiffer() {
    assertThat(hasher.hash("correct horse").join())
        .isNotEqualTo(hasher.hash("correct horse").join());
  }

  @Test
  void aHashNamesTheCostItWasMadeWith() throws Exception {
    try (PasswordHasher standard =
        new PasswordHasher(PasswordCost.standard(), 1, 1, new SecureRandom())) {
      String phc = standard.hash("correct horse").get();
      assertThat(phc).startsWith("$argon2id$v=19$m=19456,t=2,p=1$");
      assertThat(hasher.verify("correct horse", phc).get()).isTrue();
    }
  }

  @Test
  void theReferenceVectorOfArgon2Matches() {
    // From the test suite of the reference implementation (phc-winner-argon2, test.c).
    String phc =
        "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$" + "nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
    assertThat(hasher.verify("password", phc).join()).isTrue();
  }

  @Test
  void anUnknownNameNeverMatches() {
    assertThat(hasher.verifyNothing("correct horse").join()).isFalse();
  }

  @Test
  void somethingElseThanAHashIsAFault() {
    assertThatThrownBy(() -> hasher.verify("x", "$2a$10$abc").get())
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void tooManyAtOnceAreRefusedAndTheRestAnswered() {
    try (PasswordHasher small =
        new PasswordHasher(new PasswordCost(8 * 1024, 2, 1), 1, 1, new SecureRandom())) {
      List<CompletableFuture<String>> answers = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        answers.add(small.hash("correct horse"));
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
