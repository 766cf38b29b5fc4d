package chat.client.chaos;

import static java.util.Objects.requireNonNull;

import chat.client.NamespacedCluster;
import chat.client.NetworkNamespaces;
import chat.client.NetworkNamespaces.Direction;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Does what faults say, and undoes it. Confined to the thread of the run. */
final class Breaker {
  private static final int LOSS_PERCENT = 10;
  private static final int KILOBITS_PER_SECOND = 2000;
  private static final int STORM_STARTS_MIN = 3;
  private static final int STORM_STARTS_MORE = 4;
  private static final int STORM_PAUSE_MILLIS = 2000;
  private static final Duration DISK_FULL_MAX = Duration.ofSeconds(20);
  private static final Duration RESTART_MAX = Duration.ofMinutes(1);

  // What the primary said before may still name the start that was killed.
  private static final long COMING_BACK_MILLIS = 1000;

  private final NamespacedCluster cluster;
  private final @Nullable NetworkNamespaces network;
  private final @Nullable SmallDisk disk;
  private final Load load;
  private final Path directory;
  private final Findings findings;
  private @Nullable LogDamage damage;

  Breaker(
      NamespacedCluster cluster,
      @Nullable NetworkNamespaces network,
      @Nullable SmallDisk disk,
      Load load,
      Path directory,
      Findings findings) {
    this.cluster = cluster;
    this.network = network;
    this.disk = disk;
    this.load = load;
    this.directory = directory;
    this.findings = findings;
  }

  private NetworkNamespaces network() {
    return requireNonNull(network);
  }

  /** Returns when it has struck. */
  void begin(Fault fault, int... victims) throws IOException, InterruptedException {
    Random random = new Random(fault.detail());
    int[] others = others(victims);
    switch (fault.kind()) {
      case KILL -> cluster.kill(victims);
      case STOP -> cluster.signal("STOP", victims);
      case CUT -> {
        for (int victim : victims) {
          network().cut(victim, others(victim));
        }
      }
      case DEAF -> network().cutOneWay(victims[0], Direction.IN, others);
      case MUTE -> network().cutOneWay(victims[0], Direction.OUT, others);
      case LINK -> network().cut(victims[0], victims[1]);
      case REJECT -> network().reject(victims[0], others);
      case WORSEN -> network().worsen(victims[0], LOSS_PERCENT, KILOBITS_PER_SECOND);
      case FULL_DISK -> requireNonNull(disk).fill();
      case STORM -> storm(victims[0], random);
      case TORN_LOG -> {
        cluster.kill(victims);
        damage = LogDamage.tear(cluster.data(victims[0]), directory, random);
      }
      case FLIPPED_BIT -> {
        cluster.kill(victims);
        damage = LogDamage.flip(cluster.data(victims[0]), directory, random);
      }
    }
  }

  private int[] others(int... victims) {
    List<Integer> struck = Arrays.stream(victims).boxed().toList();
    return cluster.ids().stream()
        .filter(id -> !struck.contains(id))
        .mapToInt(Integer::intValue)
        .toArray();
  }

  private void storm(int victim, Random random) throws IOException, InterruptedException {
    int starts = STORM_STARTS_MIN + random.nextInt(STORM_STARTS_MORE);
    for (int i = 0; i < starts; i++) {
      cluster.kill(victim);
      cluster.start(victim);
      // Up to a time at which it is nearly in again.
      TimeUnit.MILLISECONDS.sleep(random.nextInt(STORM_PAUSE_MILLIS));
    }
  }

  /** Undoes it. What was killed runs again, but has not caught up yet. */
  void end(Fault fault, int... victims) throws IOException, InterruptedException {
    switch (fault.kind()) {
      case KILL -> startDead(victims);
      case STOP -> cluster.signal("CONT", victims);
      case CUT, DEAF, MUTE, LINK, REJECT -> {
        for (int victim : victims) {
          network().heal(victim);
        }
      }
      case WORSEN -> network().mend(victims[0]);
      case FULL_DISK -> makeRoom(victims[0]);
      case TORN_LOG -> startDamaged(victims[0], false);
      case FLIPPED_BIT -> startDamaged(victims[0], true);
      case STORM -> {
        // Its last start was a start.
      }
    }
  }

  private void startDead(int... ids) throws IOException {
    for (int id : ids) {
      if (!cluster.isAlive(id)) {
        cluster.start(id);
      }
    }
  }

  private void makeRoom(int id) throws IOException, InterruptedException {
    SmallDisk full = requireNonNull(disk);
    long deadline = System.nanoTime() + DISK_FULL_MAX.toNanos();
    while (cluster.isAlive(id) && System.nanoTime() - deadline < 0) {
      full.fill();
      TimeUnit.MILLISECONDS.sleep(100);
    }
    if (cluster.isAlive(id)) {
      findings.wrong("server " + id + " runs on with a full disk after " + DISK_FULL_MAX);
    }
    full.free();
    startDead(id);
  }

  private void startDamaged(int id, boolean mustRefuse) throws IOException, InterruptedException {
    LogDamage done = requireNonNull(damage);
    long before = Files.size(cluster.log(id));
    cluster.start(id);
    long since = System.currentTimeMillis();
    boolean decided =
        Load.await(
            RESTART_MAX,
            () ->
                cluster.exitCode(id).isPresent() || load.isMember(id, since + COMING_BACK_MILLIS));
    String what = "server " + id + ", its log with " + done.words();
    if (!decided) {
      findings.wrong(what + ", neither came back nor refused");
    }
    if (cluster.exitCode(id).isEmpty()) {
      findings.note(what + ", came back");
      if (decided && mustRefuse) {
        findings.wrong(what + ", came back as if nothing were");
      }
      return;
    }
    String said =
        Files.readString(cluster.log(id), StandardCharsets.UTF_8)
            .substring(Math.toIntExact(before));
    findings.note(what + ", refused: " + said.strip().lines().reduce("", (a, b) -> b));
    if (!said.contains("DamagedLogException")) {
      findings.wrong(what + ", ended without saying that it is damaged: " + said);
    }
    if (mustRefuse) {
      replace(id);
    } else {
      done.undo();
      cluster.start(id);
    }
  }

  /** Its disk is lost: it starts with an empty one, and an operator says so. */
  private void replace(int id) throws IOException, InterruptedException {
    List<Path> all;
    try (var paths = Files.walk(cluster.data(id))) {
      all = paths.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path path : all) {
      // The directory itself may be where a disk is mounted.
      if (!path.equals(cluster.data(id))) {
        Files.delete(path);
      }
    }
    cluster.start(id);
    long deadline = System.nanoTime() + RESTART_MAX.toNanos();
    // Not before the primary has met it.
    while (!cluster.admin("replace", Integer.toString(id), "--yes")) {
      if (System.nanoTime() - deadline > 0) {
        findings.wrong("server " + id + " is not let in with an empty disk; see admin.log");
        return;
      }
    }
    findings.note("server " + id + " has an empty disk in place of the damaged one");
  }
}
