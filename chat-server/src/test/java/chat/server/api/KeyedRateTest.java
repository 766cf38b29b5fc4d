package chat.server.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class KeyedRateTest {
  private final KeyedRate<String> rate = new KeyedRate<>(10, TimeUnit.SECONDS, 5);
  private long now = -TimeUnit.SECONDS.toNanos(3);

  @Test
  void aBurstThenTheRateAndEachKeyForItself() {
    for (int i = 0; i < 5; i++) {
      assertThat(rate.take("ann", now)).isZero();
    }
    assertThat(rate.take("ann", now)).isEqualTo(TimeUnit.MILLISECONDS.toNanos(100));
    assertThat(rate.take("bob", now)).isZero();
    now += TimeUnit.MILLISECONDS.toNanos(100);
    assertThat(rate.take("ann", now)).isZero();
    assertThat(rate.take("ann", now)).isPositive();
  }

  @Test
  void askingTooOftenCostsNothing() {
    for (int i = 0; i < 10_000; i++) {
      long unused = rate.take("ann", now);
    }
    now += TimeUnit.MILLISECONDS.toNanos(100);
    assertThat(rate.take("ann", now)).isZero();
  }

  @Test
  void overTimeItIsTheRate() {
    int taken = 0;
    for (int i = 0; i < 10_000; i++) {
      now += TimeUnit.MILLISECONDS.toNanos(1);
      if (rate.take("ann", now) == 0) {
        taken++;
      }
    }
    assertThat(taken).isBetween(100, 105);
  }

  @Test
  void zeroIsNoLimit() {
    KeyedRate<String> none = new KeyedRate<>(0, TimeUnit.SECONDS, 1);
    for (int i = 0; i < 1_000; i++) {
      assertThat(none.take("ann", now)).isZero();
    }
    assertThat(none.size()).isZero();
  }

  @Test
  void keysThatHaveTheirBurstAgainAreForgotten() {
    for (int i = 0; i < 50_000; i++) {
      now += TimeUnit.MILLISECONDS.toNanos(1);
      assertThat(rate.take("key " + i, now)).isZero();
    }
    assertThat(rate.size()).isLessThan(12_000);
  }
}
