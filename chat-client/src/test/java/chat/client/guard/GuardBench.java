package chat.client.guard;

import chat.client.demo.LocalCluster;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * Three servers of its own on this machine, and one of three measurements:
 *
 * <pre>
 * run/guard logins               # messages during a flood of logins
 * run/guard overload 10 [flags]  # ten times as much as can be done; flags are the servers'
 * run/guard receivers 300        # so many clients that do not read
 * </pre>
 *
 * <p>The client runs on the same machine: what it takes of the processors is missing there.
 */
public final class GuardBench {
  private static final Duration PATIENCE = Duration.ofMinutes(1);
  private static final int CONNECTIONS = 8;
  private static final String[] CHEAP_PASSWORDS = {
    "--password-memory-kib", "64", "--password-iterations", "1", "--accounts-per-minute", "0"
  };

  private static final String[] IMPATIENT = {
    "--password-memory-kib",
    "64",
    "--password-iterations",
    "1",
    "--accounts-per-minute",
    "0",
    "--receiver-stall-seconds",
    "15"
  };

  private GuardBench() {}

  /** Runs one measurement and prints what came of it. */
  public static void main(String[] args) throws Exception {
    String what = args.length > 0 ? args[0] : "";
    switch (what) {
      case "logins" -> logins();
      case "overload" ->
          overload(
              args.length > 1 ? Integer.parseInt(args[1]) : 10,
              List.of(args).subList(Math.min(2, args.length), args.length));
      case "receivers" -> receivers(args.length > 1 ? Integer.parseInt(args[1]) : 400);
      default -> throw new IllegalArgumentException("logins, overload or receivers, not " + what);
    }
  }

  private static LocalCluster cluster(String... flags) throws InterruptedException {
    LocalCluster cluster = LocalCluster.create(3, flags).startAll();
    cluster.awaitComplete(PATIENCE);
    return cluster;
  }

  private static Wire connect(LocalCluster cluster) throws InterruptedException {
    int primary = cluster.awaitServing(PATIENCE).primaryId();
    return new Wire(cluster.addresses().split(",", -1)[primary - 1]);
  }

  private static void logins() throws Exception {
    try (LocalCluster cluster = cluster("--login-failures-free", "0", "--inbox-max", "1000000");
        Wire wire = connect(cluster);
        Wire flood = connect(cluster)) {
      String token = wire.user("sender");
      var unused = wire.user("target");
      Load load = new Load(wire, token, "target");
      load.closed(16, 6, Load.Times.IGNORED);
      Load.Times quiet = new Load.Times();
      load.closed(16, 12, quiet);
      print("messages alone, 16 in flight", quiet);
      LoginFlood logins = new LoginFlood(flood, 128);
      Load.Times flooded = new Load.Times();
      load.closed(16, 12, flooded);
      String counts = logins.stop();
      print("messages during the flood", flooded);
      System.out.println(counts);
    }
  }

  private static void overload(int times, List<String> flags) throws Exception {
    List<String> all = new ArrayList<>(List.of(CHEAP_PASSWORDS));
    all.addAll(flags);
    try (LocalCluster cluster = cluster(all.toArray(String[]::new));
        Wire wire = connect(cluster);
        Wire other = connect(cluster)) {
      String token = wire.user("sender");
      Load bystander = new Load(other, other.user("bystander"), "bystander");
      List<String> targets = new ArrayList<>();
      for (int i = 0; i < 40; i++) {
        String name = "target" + i;
        var unused = wire.user(name);
        targets.add(name);
      }
      Load load = new Load(wire, token, targets.toArray(String[]::new));
      load.closed(512, 8, Load.Times.IGNORED);
      Load.Times capacity = new Load.Times();
      load.closed(512, 6, capacity);
      print("closed loop, 512 in flight", capacity);
      wire.empty(targets);
      int rate = (int) (times * capacity.perSecond());
      Load.Times over = new Load.Times();
      Load.Times beside = new Load.Times();
      Thread waiting = new Thread(() -> one(bystander, beside), "bystander");
      waiting.start();
      flood(cluster, token, targets, rate, over);
      waiting.join();
      print("open loop, " + rate + "/s offered on " + CONNECTIONS + " connections", over);
      print("another client meanwhile, one message at a time", beside);
      long end = System.nanoTime();
      Load.Times after = new Load.Times();
      int rounds = 0;
      do {
        after = new Load.Times();
        load.closed(512, 0.5, after);
        rounds++;
      } while (rounds < 40
          && (after.refused() > 0 || after.perSecond() < 0.8 * capacity.perSecond()));
      System.out.printf(
          Locale.ROOT,
          "back to 80 %% of it without a refusal %.1f s after the last request%n",
          (System.nanoTime() - end) / 1e9);
      print("closed loop again", after);
    }
  }

  /** One account's messages on several connections, or one of them would hold most of it back. */
  private static void flood(
      LocalCluster cluster, String token, List<String> targets, int rate, Load.Times times)
      throws InterruptedException {
    List<Wire> wires = new ArrayList<>();
    List<Thread> threads = new ArrayList<>();
    try {
      for (int i = 0; i < CONNECTIONS; i++) {
        Wire wire = connect(cluster);
        wires.add(wire);
        Load load = new Load(wire, token, targets.toArray(String[]::new));
        Thread thread = new Thread(() -> open(load, rate / CONNECTIONS, times), "flood-" + i);
        threads.add(thread);
        thread.start();
      }
      for (Thread thread : threads) {
        thread.join();
      }
    } finally {
      wires.forEach(Wire::close);
    }
  }

  private static void open(Load load, int rate, Load.Times times) {
    try {
      load.open(rate, 8, times);
    } catch (InterruptedException e) {
      throw new IllegalStateException("interrupted in the middle of a measurement", e);
    }
  }

  private static void one(Load bystander, Load.Times times) {
    try {
      bystander.closed(1, 8, times);
    } catch (InterruptedException e) {
      throw new IllegalStateException("interrupted in the middle of a measurement", e);
    }
  }

  private static void receivers(int count) throws Exception {
    try (LocalCluster cluster = cluster(IMPATIENT);
        Wire wire = connect(cluster)) {
      long pid = cluster.pid(cluster.primaryId());
      String token = wire.user("sender");
      List<String> names = new ArrayList<>();
      List<String> tokens = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        names.add("slow" + i);
        tokens.add(wire.user("slow" + i));
      }
      Load load = new Load(wire, token, names.toArray(String[]::new));
      load.messages(64, 20 * count, "x".repeat(8 * 1024));
      System.out.printf(Locale.ROOT, "%d inboxes of 20 x 8 KiB: %s%n", count, memory(pid));
      try (SlowReceivers slow = new SlowReceivers(wire.address(), tokens)) {
        slow.awaitOpen();
        load.messages(64, 20 * count, "x".repeat(8 * 1024));
        System.out.printf(
            Locale.ROOT, "%d that do not read, 20 more each: %s%n", count, memory(pid));
        Load.Times beside = new Load.Times();
        load.closed(16, 8, beside);
        print("messages beside them, 16 in flight", beside);
        System.out.printf(Locale.ROOT, "and then: %s%n", memory(pid));
        TimeUnit.SECONDS.sleep(30);
        System.out.printf(
            Locale.ROOT,
            "30 s later: %s; %d of %d streams turn out to be ended%n",
            memory(pid),
            slow.readAll(),
            count);
      }
    }
  }

  private static String memory(long pid) throws IOException {
    long rss = 0;
    for (String line : Files.readAllLines(Path.of("/proc", Long.toString(pid), "status"))) {
      if (line.startsWith("VmRSS")) {
        rss = Long.parseLong(line.replaceAll("[^0-9]", ""));
      }
    }
    return "the primary has " + rss / 1024 + " MiB";
  }

  private static void print(String what, Load.Times times) {
    System.out.println(what + ": " + times);
  }
}
