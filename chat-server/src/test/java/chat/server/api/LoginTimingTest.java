package chat.server.api;

import static chat.server.api.ApiHarness.PASSWORD;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import chat.v1.LoginRequest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * That a name is unknown cannot be told by the time of the answer.
 *
 * <p>Measured in pairs, one of each kind right after the other, so that whatever else the machine
 * does falls on both alike; and judged by how often the one is slower than the other, of all
 * pairings, which a few outliers do not move: one half if the two are alike, 0 or 1 if one of them
 * skips the hash.
 */
class LoginTimingTest {
  private static final int PAIRS = 150;
  private static final int WARM_UP = 20;

  private final ApiHarness api =
      new ApiHarness(
          ApiHarness.limits().throttling(new Throttling(0, 1, 0, 1, 0)).build(),
          new PasswordCost(2048, 2, 1));

  @AfterEach
  void close() {
    api.close();
  }

  @Test
  void anUnknownNameTakesAsLongAsAWrongPassword() {
    api.create("ann");
    api.create("bob");
    List<Long> unknown = new ArrayList<>();
    List<Long> wrong = new ArrayList<>();
    List<Long> unhashed = new ArrayList<>();
    for (int i = 0; i < WARM_UP + PAIRS; i++) {
      boolean unknownFirst = i % 2 == 0;
      long first = nanos(unknownFirst ? "nobody" : "ann");
      long second = nanos(unknownFirst ? "ann" : "nobody");
      if (i >= WARM_UP) {
        unknown.add(unknownFirst ? first : second);
        wrong.add(unknownFirst ? second : first);
        unhashed.add(nanosOf(() -> api.backend.readBarrier().join()));
      }
    }
    assertThat(slower(unknown, wrong))
        .as(
            "how often an unknown name is the slower one; medians %d and %d ns",
            median(unknown), median(wrong))
        .isBetween(0.3, 0.7);
    assertThat(slower(wrong, unhashed)).as("that this would tell at all").isGreaterThan(0.95);
  }

  private long nanos(String name) {
    LoginRequest request =
        LoginRequest.newBuilder().setUsername(name).setPassword("not " + PASSWORD).build();
    return nanosOf(
        () ->
            assertThat(
                    catchThrowable(
                        () -> {
                          var unused = api.anonymous().login(request);
                        }))
                .isNotNull());
  }

  private static long nanosOf(Runnable work) {
    long before = System.nanoTime();
    work.run();
    return System.nanoTime() - before;
  }

  /** Of all pairs of one of each, in how many the first is greater. */
  private static double slower(List<Long> first, List<Long> second) {
    long greater = 0;
    for (long a : first) {
      for (long b : second) {
        greater += a > b ? 1 : 0;
      }
    }
    return (double) greater / first.size() / second.size();
  }

  private static long median(List<Long> values) {
    long[] sorted = values.stream().mapToLong(Long::longValue).toArray();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }
}
