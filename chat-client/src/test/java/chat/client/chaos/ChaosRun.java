package chat.client.chaos;

import chat.client.Hosts;
import chat.client.NamespacedCluster;
import chat.client.NetworkNamespaces;
import chat.client.chaos.Schedule.Step;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** One run: servers, load, faults one step after the other, and the verdict. One thread's. */
final class ChaosRun {
  private static final Duration START_MAX = Duration.ofMinutes(2);

  /** From the end of all faults to the next acknowledgement. */
  private static final Duration SERVICE_BACK_MAX = Duration.ofSeconds(30);

  /** From the beginning of a fault that the others withstand to the next acknowledgement. */
  private static final Duration SERVED_MEANWHILE_MAX = Duration.ofSeconds(20);

  private static final Duration WHOLE_MAX = Duration.ofMinutes(2);
  private static final Duration DRAIN_MAX = Duration.ofMinutes(2);

  /** An acknowledgement may have been on its way when the fault struck. */
  private static final long UNDER_WAY_MILLIS = 100;

  private static final long BETWEEN_MILLIS = 700;

  private final ChaosOptions options;
  private final NamespacedCluster cluster;
  private final Load load;
  private final Breaker breaker;
  private final Findings findings;

  private ChaosRun(
      ChaosOptions options,
      NamespacedCluster cluster,
      Load load,
      Breaker breaker,
      Findings findings) {
    this.options = options;
    this.cluster = cluster;
    this.load = load;
    this.breaker = breaker;
    this.findings = findings;
  }

  /** A fault that lasts. */
  private record Active(Fault fault, int[] victims, long untilMillis) {}

  /**
   * Does all of it and cleans up, also if this virtual machine is told to end meanwhile.
   *
   * @param directory for data, logs and the history
   */
  static Verdict run(ChaosOptions options, Path directory, PrintStream out)
      throws IOException, InterruptedException {
    try (Cleanup cleanup = new Cleanup()) {
      Findings findings = cleanup.add(new Findings(directory.resolve("history.log")));
      Hosts hosts = options.namespaces() ? Hosts.NAMESPACES : Hosts.LOOPBACK;
      NetworkNamespaces network =
          options.namespaces() ? cleanup.add(NetworkNamespaces.create(options.size())) : null;
      NamespacedCluster cluster =
          cleanup.add(NamespacedCluster.create(hosts, options.size(), directory));
      SmallDisk disk = options.namespaces() ? smallDisk(options, cluster, cleanup) : null;
      for (int id : cluster.ids()) {
        cluster.start(id);
      }
      Load load = cleanup.add(Load.start(cluster, hosts, options.rate(), directory));
      Breaker breaker = new Breaker(cluster, network, disk, load, directory, findings);
      ChaosRun run = new ChaosRun(options, cluster, load, breaker, findings);
      LiveLine line = LiveLine.start(load, findings, out);
      try {
        run.goOn();
      } finally {
        line.close();
      }
      Verdict verdict = Verdict.of(options, load, findings);
      if (disk != null && (options.keep() || !verdict.isGood())) {
        cluster.close();
        disk.closeAndKeep();
      }
      return verdict;
    }
  }

  /** For the last server, which a full disk strikes. */
  private static SmallDisk smallDisk(
      ChaosOptions options, NamespacedCluster cluster, Cleanup cleanup)
      throws IOException, InterruptedException {
    SmallDisk.unmountAll();
    int mebibytes = Math.toIntExact(512 + 64 * options.length().toMinutes());
    return cleanup.add(SmallDisk.mount(cluster.data(options.size()), mebibytes));
  }

  private void goOn() throws IOException, InterruptedException {
    if (!Load.await(START_MAX, () -> load.isWhole(0) && load.lastMillis() > 0)) {
      findings.wrong("the service did not begin: " + load.statusesInWords());
      return;
    }
    Supplier<Step> steps = steps();
    long deadline = System.nanoTime() + options.length().toNanos();
    boolean good = true;
    for (int i = 0;
        good && (options.only() == null ? System.nanoTime() - deadline < 0 : i < options.rounds());
        i++) {
      good = isLoadGood() && perform(steps.get()) && awaitWhole();
    }
    if (!load.finish(DRAIN_MAX)) {
      findings.wrong("the load did not end: " + load.statusesInWords());
    }
  }

  private Supplier<Step> steps() {
    ChaosOptions.Only only = options.only();
    if (only == null) {
      Schedule schedule = new Schedule(options.seed(), options.size(), options.namespaces());
      return schedule::next;
    }
    // Held until others serve, and long enough to be no short one.
    long holdMillis = only.kind().isSilent() ? 1500 : 300;
    Random random = new Random(options.seed());
    return () ->
        new Step(
            findings.faults() + 1,
            List.of(new Fault(only.kind(), List.of(0), 0, holdMillis, random.nextLong())));
  }

  private boolean isLoadGood() {
    List<String> late = load.newlyLate();
    if (!late.isEmpty()) {
      findings.note(late.size() + " messages were delivered late, the first at " + late.get(0));
    }
    load.wrong().forEach(findings::wrong);
    return load.wrong().isEmpty();
  }

  private boolean perform(Step step) throws IOException, InterruptedException {
    List<Integer> ranked = ranked();
    findings.note("step " + step.number() + ": " + step.faults() + ", ranks are " + ranked);
    long struckMillis = System.currentTimeMillis();
    List<Active> active = new ArrayList<>();
    for (Fault fault : step.faults()) {
      endUntil(active, struckMillis + fault.offsetMillis());
      int[] victims = fault.ranks().stream().mapToInt(ranked::get).toArray();
      if (fault.kind() == FaultKind.FULL_DISK) {
        victims = new int[] {options.size()};
      }
      breaker.begin(fault, victims);
      active.add(new Active(fault, victims, System.currentTimeMillis() + fault.holdMillis()));
    }
    if (step.faults().size() == 1 && step.faults().get(0).isServedMeanwhile(options.size())) {
      awaitServed(step, System.currentTimeMillis());
    }
    endUntil(active, Long.MAX_VALUE);
    long healedMillis = System.currentTimeMillis();
    findings.note("step " + step.number() + ": all faults ended");
    if (!Load.await(SERVICE_BACK_MAX, () -> load.lastMillis() > healedMillis + UNDER_WAY_MILLIS)) {
      findings.wrong(
          "no service " + SERVICE_BACK_MAX + " after " + step + ": " + load.statusesInWords());
      return false;
    }
    boolean whole = awaitWhole();
    long wholeMillis = System.currentTimeMillis();
    long pause = load.longestGapMillis(struckMillis, healedMillis);
    long returnPause = load.longestGapMillis(healedMillis, wholeMillis);
    findings.pause(step.label(options.size()), pause, returnPause);
    findings.note(
        String.format(
            "step %d: pause %d ms, whole %d ms after its end, with a pause of %d ms",
            step.number(), pause, wholeMillis - healedMillis, returnPause));
    return whole;
  }

  private void awaitServed(Step step, long beganMillis) throws InterruptedException {
    if (!Load.await(
        SERVED_MEANWHILE_MAX, () -> load.lastMillis() > beganMillis + UNDER_WAY_MILLIS)) {
      findings.wrong(
          "no service " + SERVED_MEANWHILE_MAX + " into " + step + ": " + load.statusesInWords());
    }
  }

  /** Ends what is to end up to a time, each in its time. */
  private void endUntil(List<Active> active, long millis) throws IOException, InterruptedException {
    active.sort(Comparator.comparingLong(Active::untilMillis));
    while (!active.isEmpty() && active.get(0).untilMillis() <= millis) {
      Active first = active.remove(0);
      sleepUntil(first.untilMillis());
      breaker.end(first.fault(), first.victims());
    }
    if (millis != Long.MAX_VALUE) {
      sleepUntil(millis);
    }
  }

  private static void sleepUntil(long millis) throws InterruptedException {
    TimeUnit.MILLISECONDS.sleep(Math.max(0, millis - System.currentTimeMillis()));
  }

  /** The servers by rank; see {@link Fault}. */
  private List<Integer> ranked() {
    OptionalInt primary = load.primary();
    List<Integer> ranked = new ArrayList<>(cluster.ids());
    primary.ifPresent(
        id -> {
          ranked.remove((Integer) id);
          ranked.add(0, id);
        });
    return ranked;
  }

  /** Waits until all servers are in one view again, and some messages longer. */
  private boolean awaitWhole() throws IOException, InterruptedException {
    long since = System.currentTimeMillis();
    long deadline = System.nanoTime() + WHOLE_MAX.toNanos();
    while (!load.isWhole(since) || load.lastMillis() < since) {
      for (int id : cluster.ids()) {
        if (cluster.exitCode(id).isPresent()) {
          findings.wrong(
              "server " + id + " ended by itself with " + cluster.exitCode(id).getAsInt());
          cluster.start(id);
        }
      }
      if (System.nanoTime() - deadline > 0) {
        findings.wrong("not whole after " + WHOLE_MAX + ": " + load.statusesInWords());
        return false;
      }
      TimeUnit.MILLISECONDS.sleep(10);
    }
    TimeUnit.MILLISECONDS.sleep(BETWEEN_MILLIS);
    return true;
  }
}
