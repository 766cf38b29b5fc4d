package chat.server.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Whatever is added is either taken or refused, and only once. */
class InputsTest {
  private final AtomicInteger added = new AtomicInteger();
  private final Inputs inputs = new Inputs(added::incrementAndGet);
  private final AtomicInteger refused = new AtomicInteger();

  @Test
  void whatIsAddedIsTakenInOrderAndAllAtOnce() throws Exception {
    List<Integer> done = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      int number = i;
      inputs.add(now -> done.add(number));
    }
    List<Inputs.Input> batch = new ArrayList<>();
    inputs.take(batch);
    assertThat(added).hasValue(3);
    batch.forEach(input -> input.handle(1));
    assertThat(done).containsExactly(0, 1, 2);
    assertThat(inputs.isEmpty()).isTrue();
  }

  @Test
  void whatIsLeftAndWhatComesAfterTheEndIsRefused() {
    inputs.add(new Counted());
    inputs.end();
    assertThat(refused).hasValue(1);
    inputs.add(new Counted());
    assertThat(refused).hasValue(2);
    assertThat(inputs.isEmpty()).isTrue();
  }

  @Test
  void nothingIsForgottenWhileTheEndComes() throws Exception {
    int each = 20_000;
    CountDownLatch begun = new CountDownLatch(2);
    List<Thread> adding = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      Thread thread =
          new Thread(
              () -> {
                begun.countDown();
                for (int j = 0; j < each; j++) {
                  inputs.add(new Counted());
                }
              });
      thread.start();
      adding.add(thread);
    }
    begun.await();
    List<Inputs.Input> taken = new ArrayList<>();
    while (taken.size() < each / 2) {
      inputs.take(taken);
    }
    inputs.end();
    for (Thread thread : adding) {
      thread.join();
    }
    assertThat(taken.size() + refused.get()).isEqualTo(2 * each);
    assertThat(inputs.isEmpty()).isTrue();
  }

  private final class Counted implements Inputs.Input {
    @Override
    public void handle(long now) {
      throw new AssertionError("handled after the end");
    }

    @Override
    public void refuse() {
      refused.incrementAndGet();
    }
  }
}
