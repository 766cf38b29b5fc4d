package chat.client.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import chat.client.NetworkNamespaces;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Two minutes of {@code run/chaos}. {@code -Dchaos.seed} repeats the faults of another run, {@code
 * -Dchaos.minutes} is for longer. Where there are no namespaces, all servers are on one host, and
 * the faults of networks and disks are left out; CI fails there.
 */
class ChaosTest {
  private static final double MINUTES =
      Double.parseDouble(System.getProperty("chaos.minutes", "2"));
  private static final int RATE = 150;

  @Test
  @Timeout(value = 12, unit = TimeUnit.HOURS)
  void theServiceKeepsItsWordWhateverHappens() throws IOException, InterruptedException {
    Optional<String> missing = NetworkNamespaces.missing();
    if (missing.isPresent()) {
      assertThat(System.getenv("CI")).as("in CI, where %s", missing.get()).isNotEqualTo("true");
      System.err.println("**** ChaosTest CUTS NO NETWORK: " + missing.get() + ". ****");
    }
    long seed = Long.getLong("chaos.seed", ThreadLocalRandom.current().nextInt(1_000_000));
    ChaosOptions options =
        new ChaosOptions(
            seed,
            Duration.ofMillis((long) (MINUTES * 60_000)),
            3,
            RATE,
            null,
            0,
            missing.isEmpty(),
            false);
    assertThat(Chaos.runAndTell(options, System.out).wrong())
        .as("with -Dchaos.seed=%d", seed)
        .isEmpty();
  }
}
