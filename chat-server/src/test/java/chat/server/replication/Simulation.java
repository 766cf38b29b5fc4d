package chat.server.replication;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Many random schedules, one after the other or on several threads; see {@code run/simulate}. */
final class Simulation {
  private static final int TRANSCRIPT_LINES = 100;
  private static final long PROGRESS_NANOS = 10_000_000_000L;

  private final long first;
  private final long count;
  private final long seconds;
  private final int threads;
  private final PrintStream out;

  // Guarded by this.
  private final Map<String, Integer> faults = new TreeMap<>();
  private long taken;
  private long done;
  private long acknowledged;
  private long requests;
  private long duplicates;
  private long views;
  private long begunAt;
  private long shownAt;
  private @Nullable Long failed;
  private @Nullable String verdict;

  /**
   * @param first the first seed; the others are made from it
   * @param count how many at most
   * @param seconds for how long at most
   */
  Simulation(long first, long count, long seconds, int threads, PrintStream out) {
    this.first = first;
    this.count = count;
    this.seconds = seconds;
    this.threads = threads;
    this.out = out;
  }

  long requests() {
    return requests;
  }

  /** After a run: the seed that failed, what it violated and how to replay it; null if none. */
  @Nullable String verdict() {
    return verdict;
  }

  /** Runs them; false if one violated something: then its seed and transcript are printed. */
  boolean run() {
    begunAt = System.nanoTime();
    shownAt = begunAt;
    List<Thread> workers = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      Thread worker = new Thread(this::work, "simulation-" + i);
      workers.add(worker);
      worker.start();
    }
    try {
      for (Thread worker : workers) {
        worker.join();
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException("interrupted while schedules run", e);
    }
    Long seed = failed;
    if (seed != null) {
      show(seed);
    }
    out.println(line("simulation: "));
    return seed == null;
  }

  private void work() {
    for (long seed = next(); seed >= 0; seed = next()) {
      RandomSchedule.Result result;
      try {
        result = RandomSchedule.run(seed, false);
      } catch (RuntimeException | Error e) {
        fail(seed);
        throw e;
      }
      add(seed, result);
    }
  }

  private synchronized void fail(long seed) {
    failed = failed == null ? seed : failed;
  }

  private synchronized long next() {
    boolean over = System.nanoTime() - begunAt >= seconds * 1_000_000_000L;
    return over || taken >= count || failed != null ? -1 : seed(taken++);
  }

  /**
   * The first is the one that was asked for, so that it can be replayed. The others are scattered:
   * what {@link java.util.Random} draws first from neighbouring seeds is nearly the same.
   */
  private long seed(long number) {
    return number == 0 ? first : new SplittableRandom(first + number).nextLong() >>> 1;
  }

  private synchronized void add(long seed, RandomSchedule.Result result) {
    if (result.failure() != null) {
      fail(seed);
    }
    done++;
    acknowledged += result.acknowledged();
    requests += result.requests();
    duplicates += result.duplicates();
    views += result.views();
    result.faults().forEach((fault, times) -> faults.merge(fault, times, Integer::sum));
    if (System.nanoTime() - shownAt >= PROGRESS_NANOS) {
      shownAt = System.nanoTime();
      out.println(line(""));
    }
  }

  private synchronized String line(String head) {
    double passed = (System.nanoTime() - begunAt) / 1e9;
    return String.format(
        "%s%d schedules from seed %d in %.0f s (%.1f/s), %d entries and %d requests acknowledged,"
            + " %d repeats, %d views, %s",
        head,
        done,
        first,
        passed,
        done / passed,
        acknowledged,
        requests,
        duplicates,
        views,
        faults);
  }

  private void show(long seed) {
    RandomSchedule.Result again = RandomSchedule.run(seed, true);
    List<String> lines = again.transcript();
    int from = Math.max(0, lines.size() - TRANSCRIPT_LINES);
    out.println("... " + from + " lines before");
    lines.subList(from, lines.size()).forEach(out::println);
    verdict =
        String.format(
            "seed %d fails: %s%nreplay: run/simulate --from %d --seeds 1",
            seed, again.failure(), seed);
    out.println(verdict);
  }

  /** Flags: {@code --from S --seeds N --seconds T --threads K}, all optional. */
  public static void main(String[] args) {
    Map<String, Long> flags = new TreeMap<>();
    flags.put("--from", System.nanoTime() & 0xffffff);
    flags.put("--seeds", Long.MAX_VALUE);
    flags.put("--seconds", Long.MAX_VALUE / 1_000_000_000L);
    flags.put("--threads", 1L);
    for (int i = 0; i < args.length; i += 2) {
      if (!flags.containsKey(args[i]) || i + 1 == args.length) {
        System.err.println(
            "simulate: " + args[i] + "? usage: [--seeds N] [--from S] [--seconds T] [--threads K]");
        System.exit(2);
      }
      flags.put(args[i], Long.parseLong(args[i + 1]));
    }
    Simulation simulation =
        new Simulation(
            flags.get("--from"),
            flags.get("--seeds"),
            flags.get("--seconds"),
            flags.get("--threads").intValue(),
            System.out);
    System.exit(simulation.run() ? 0 : 1);
  }
}
