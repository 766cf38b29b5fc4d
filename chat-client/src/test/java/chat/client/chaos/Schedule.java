package chat.client.chaos;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/** The faults of a run, one step after the other, without an end: a seed decides it all. */
final class Schedule {
  private static final int PAIR_PERCENT = 15;
  private static final List<FaultKind> PAIRABLE =
      List.of(FaultKind.KILL, FaultKind.STOP, FaultKind.CUT, FaultKind.DEAF, FaultKind.MUTE);

  private final Random random;
  private final int size;
  private final List<FaultKind> kinds;
  private int steps;

  /**
   * Faults that come one upon the other; what is broken by them is whole again before the next
   * step.
   */
  record Step(int number, List<Fault> faults) {
    Step {
      faults = List.copyOf(faults);
    }

    /** What it is, to sum up by. */
    String label(int size) {
      return faults.size() == 1 ? faults.get(0).label(size) : "two faults at a time";
    }
  }

  /**
   * Of a cluster of so many servers.
   *
   * @param withNamespaces whether hosts are namespaces, with a network and disks of their own
   */
  Schedule(long seed, int size, boolean withNamespaces) {
    this.random = new Random(seed);
    this.size = size;
    this.kinds =
        Arrays.stream(FaultKind.values())
            .filter(kind -> kind.weight() > 0)
            .filter(kind -> withNamespaces || !kind.needsNamespaces())
            .toList();
  }

  Step next() {
    List<Fault> faults = new ArrayList<>();
    if (random.nextInt(100) < PAIR_PERCENT) {
      List<Integer> ranks = shuffledRanks();
      List<FaultKind> pairable = PAIRABLE.stream().filter(kinds::contains).toList();
      for (int i = 0; i < 2; i++) {
        FaultKind kind = pairable.get(random.nextInt(pairable.size()));
        long offset = i == 0 ? 0 : between(0, 3000);
        faults.add(
            new Fault(kind, List.of(ranks.get(i)), offset, between(2000, 6000), random.nextLong()));
      }
    } else {
      FaultKind kind = draw();
      faults.add(new Fault(kind, victims(kind), 0, hold(kind), random.nextLong()));
    }
    return new Step(++steps, faults);
  }

  private FaultKind draw() {
    int left = random.nextInt(kinds.stream().mapToInt(FaultKind::weight).sum());
    for (FaultKind kind : kinds) {
      left -= kind.weight();
      if (left < 0) {
        return kind;
      }
    }
    throw new AssertionError(left);
  }

  private List<Integer> victims(FaultKind kind) {
    List<Integer> ranks = shuffledRanks();
    int percent = random.nextInt(100);
    return switch (kind) {
      case KILL -> percent < 50 ? primaryOrOne(ranks) : ranks.subList(0, percent < 75 ? 2 : size);
      case STOP -> percent < 80 ? primaryOrOne(ranks) : ranks.subList(0, percent < 90 ? 2 : size);
      case LINK -> List.of(1, 2);
      default -> primaryOrOne(ranks);
    };
  }

  /** The primary half of the time. */
  private List<Integer> primaryOrOne(List<Integer> ranks) {
    return random.nextBoolean() ? List.of(0) : ranks.subList(0, 1);
  }

  private List<Integer> shuffledRanks() {
    List<Integer> ranks = new ArrayList<>();
    for (int rank = 0; rank < size; rank++) {
      ranks.add(rank);
    }
    Collections.shuffle(ranks, random);
    return ranks;
  }

  private long hold(FaultKind kind) {
    return switch (kind) {
      case KILL, TORN_LOG, FLIPPED_BIT -> between(200, 4000);
      case STOP -> random.nextBoolean() ? between(100, 1400) : between(2500, 9000);
      case STORM -> between(0, 1000);
      case FULL_DISK -> between(2000, 4000);
      default -> between(3000, 8000);
    };
  }

  private long between(long least, long most) {
    return least + random.nextInt((int) (most - least + 1));
  }
}
