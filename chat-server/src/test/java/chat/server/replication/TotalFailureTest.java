package chat.server.replication;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * R6: everything dies, in every order, and comes back in every order. Nobody serves before the
 * members of the last view are back, who waits says for whom, and then all that was acknowledged is
 * there.
 */
class TotalFailureTest {
  private static final int SIZE = 3;

  static Stream<Arguments> orders() {
    List<Arguments> orders = new ArrayList<>();
    for (List<Integer> crashes : permutations(List.of(1, 2, 3))) {
      for (List<Integer> starts : permutations(List.of(1, 2, 3))) {
        for (boolean slowly : new boolean[] {true, false}) {
          orders.add(Arguments.of(crashes, starts, slowly));
        }
      }
    }
    return orders.stream();
  }

  private static List<List<Integer>> permutations(List<Integer> of) {
    if (of.isEmpty()) {
      return List.of(List.of());
    }
    List<List<Integer>> all = new ArrayList<>();
    for (Integer first : of) {
      List<Integer> rest = new ArrayList<>(of);
      rest.remove(first);
      for (List<Integer> tail : permutations(rest)) {
        List<Integer> one = new ArrayList<>();
        one.add(first);
        one.addAll(tail);
        all.add(one);
      }
    }
    return all;
  }

  @ParameterizedTest(name = "crash {0}, start {1}, one after the other: {2}")
  @MethodSource("orders")
  void whateverTheOrder(List<Integer> crashes, List<Integer> starts, boolean slowly) {
    SimulatedCluster cluster = new SimulatedCluster(3, SIZE);
    cluster.startAll();
    assertThat(cluster.runUntil(2_000, c -> c.servedBy(SIZE))).isTrue();
    cluster.run(500);
    acknowledge(cluster);
    for (int victim : crashes) {
      cluster.crash(victim);
      if (slowly && victim != crashes.get(SIZE - 1)) {
        // The others go on, the last one alone: each view has acknowledged something.
        assertThat(cluster.runUntil(2_000, c -> c.primary() != null)).isTrue();
        acknowledge(cluster);
        cluster.run(500);
      }
    }
    View last = newest(cluster);
    int acknowledged = cluster.checker().acknowledgedCount();
    for (int started : starts) {
      cluster.start(started);
      cluster.run(3_000);
      List<ServerId> missing = new ArrayList<>(last.members().keySet());
      missing.removeIf(id -> cluster.server(id.value()).alive());
      if (missing.isEmpty()) {
        assertThat(cluster.primary()).isNotNull();
      } else {
        assertThat(cluster.primary()).isNull();
        // Who knows the last view names exactly who is missing; who knows an older one, somebody.
        Status status = Objects.requireNonNull(cluster.server(started).status);
        if (status.view().equals(last)) {
          assertThat(status.waitingFor()).containsExactlyElementsOf(missing);
        } else {
          assertThat(status.waitingFor()).isNotEmpty();
        }
      }
    }
    assertThat(cluster.runUntil(10_000, SimulatedCluster::complete)).isTrue();
    assertThat(cluster.checker().acknowledgedCount()).isGreaterThanOrEqualTo(acknowledged);
    acknowledge(cluster);
  }

  private static void acknowledge(SimulatedCluster cluster) {
    int before = cluster.checker().acknowledgedCount();
    assertThat(
            cluster.runUntil(
                3_000,
                c -> {
                  c.propose();
                  return c.checker().acknowledgedCount() > before;
                }))
        .isTrue();
  }

  private static View newest(SimulatedCluster cluster) {
    View newest = cluster.server(1).disk.hard.view();
    for (SimulatedServer server : cluster.servers()) {
      View view = server.disk.hard.view();
      newest = view.ballot().isAfter(newest.ballot()) ? view : newest;
    }
    return newest;
  }
}
