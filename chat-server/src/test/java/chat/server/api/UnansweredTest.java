package chat.server.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

class UnansweredTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(15);

  private final Unanswered unanswered = new Unanswered(TIMEOUT);
  private final CompletableFuture<String> answer = new CompletableFuture<>();
  private final CompletableFuture<String> result = unanswered.within(answer);

  @Test
  void anAnswerInTimeIsTheResult() {
    answer.complete("yes");
    unanswered.sweep(System.nanoTime() + 2 * TIMEOUT.toNanos());
    assertThat(result).isCompletedWithValue("yes");
  }

  @Test
  void aFailureIsTheResultAsItIs() {
    IllegalStateException failure = new IllegalStateException("no");
    answer.completeExceptionally(failure);
    assertThatThrownBy(result::join).hasCause(failure);
  }

  @Test
  void whatTakesTooLongIsGivenUpAndNothingElse() {
    CompletableFuture<String> early = new CompletableFuture<>();
    CompletableFuture<String> other = unanswered.within(early);
    early.complete("early");
    unanswered.sweep(System.nanoTime());
    assertThat(result).isNotDone();
    unanswered.sweep(System.nanoTime() + TIMEOUT.toNanos());
    assertThatThrownBy(result::join).hasCauseInstanceOf(TimeoutException.class);
    assertThat(answer).isNotDone();
    assertThat(other).isCompletedWithValue("early");
    answer.complete("late");
  }
}
