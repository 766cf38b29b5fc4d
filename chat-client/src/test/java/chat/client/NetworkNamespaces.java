package chat.client;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A network of its own, without a way out: so many hosts, each a network namespace, on the bridge
 * of one more namespace, the hub, which reaches them all. What is dropped between the hosts is
 * dropped by nftables in the namespace of one of them. The machine's own network is not touched.
 *
 * <p>One at a time on a machine: names and addresses are fixed, so that what a killed run left
 * behind is found and removed by the next.
 */
public final class NetworkNamespaces implements AutoCloseable {
  /** The hub's number. */
  public static final int HUB = 254;

  // A property, so that a long run on a developer's machine does not make the tests wait.
  private static final String PREFIX = System.getProperty("chat.network", "chatpt-");

  // The block of RFC 2544 for tests of networks: nobody routes it.
  private static final String NETWORK = "198.18.77.";
  private static final Duration COMMAND_MAX = Duration.ofSeconds(20);
  private static final Duration TURN_MAX = Duration.ofMinutes(4);

  private final FileChannel turn;

  /** What is dropped at a host. */
  public enum Direction {
    IN("chain in { type filter hook input priority 0; ip saddr { %s } drop; }"),
    OUT("chain out { type filter hook output priority 0; ip daddr { %s } drop; }");

    private final String chain;

    Direction(String chain) {
      this.chain = chain;
    }
  }

  private NetworkNamespaces(FileChannel turn) {
    this.turn = turn;
  }

  /** What is missing on this machine, in words; empty if nothing. */
  public static Optional<String> missing() throws IOException, InterruptedException {
    if (!run("", "id", "-u").output().equals("0")) {
      return Optional.of("it needs root");
    }
    for (String tool : List.of("ip", "nft")) {
      if (run("", "sh", "-c", "command -v " + tool).exitCode() != 0) {
        return Optional.of("it needs the command " + tool);
      }
    }
    String probe = PREFIX + "probe" + ProcessHandle.current().pid();
    Result made = run("", "ip", "netns", "add", probe);
    Result used = run("", in(probe, "nft", "list", "ruleset"));
    Result unused = run("", "ip", "netns", "del", probe);
    if (made.exitCode() != 0 || used.exitCode() != 0) {
      return Optional.of(
          "this system makes no network namespaces: " + made.output() + used.output());
    }
    return Optional.empty();
  }

  /** Hosts 1 to {@code count}; waits for its turn if another process has such a network. */
  public static NetworkNamespaces create(int count) throws IOException, InterruptedException {
    Path lockFile = Path.of(System.getProperty("java.io.tmpdir"), PREFIX + "network.lock");
    FileChannel turn =
        FileChannel.open(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    awaitTurn(turn);
    removeAll();
    NetworkNamespaces network = new NetworkNamespaces(turn);
    try {
      network.build(count);
    } catch (IOException | InterruptedException | RuntimeException e) {
      network.close();
      throw e;
    }
    return network;
  }

  private static void awaitTurn(FileChannel turn) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + TURN_MAX.toNanos();
    FileLock lock = turn.tryLock();
    while (lock == null) {
      if (System.nanoTime() - deadline > 0) {
        turn.close();
        throw new IOException("another process has used this network for " + TURN_MAX);
      }
      TimeUnit.MILLISECONDS.sleep(100);
      lock = turn.tryLock();
    }
  }

  private void build(int count) throws IOException, InterruptedException {
    command("", "ip", "netns", "add", name(HUB));
    List<String> hub = new ArrayList<>();
    hub.add("link set lo up");
    hub.add("link add br0 type bridge");
    hub.add("address add " + address(HUB) + "/24 dev br0");
    hub.add("link set br0 up");
    for (int host = 1; host <= count; host++) {
      command("", "ip", "netns", "add", name(host));
      hub.add("link add to" + host + " type veth peer name eth0 netns " + name(host));
      hub.add("link set to" + host + " master br0");
      hub.add("link set to" + host + " up");
    }
    batch(HUB, hub);
    for (int host = 1; host <= count; host++) {
      batch(
          host,
          List.of(
              "link set lo up",
              "address add " + address(host) + "/24 dev eth0",
              "link set eth0 up"));
    }
  }

  private static void batch(int host, List<String> lines) throws IOException, InterruptedException {
    command(String.join("\n", lines) + "\n", "ip", "-n", name(host), "-batch", "-");
  }

  public static String address(int host) {
    return NETWORK + host;
  }

  private static String name(int host) {
    return PREFIX + (host == HUB ? "hub" : "host" + host);
  }

  /** The command that runs {@code arguments} on a host; it becomes that process. */
  public static List<String> on(int host, List<String> arguments) {
    return Arrays.asList(in(name(host), arguments.toArray(String[]::new)));
  }

  private static String[] in(String namespace, String... arguments) {
    List<String> all = new ArrayList<>(List.of("ip", "netns", "exec", namespace));
    all.addAll(Arrays.asList(arguments));
    return all.toArray(String[]::new);
  }

  /** Drops all that goes between a host and others, silently, both ways. */
  public void cut(int host, int... others) throws IOException, InterruptedException {
    drop(host, List.of(Direction.IN, Direction.OUT), others);
  }

  /** Drops at a host what comes from, or what goes to, the others. */
  public void cutOneWay(int host, Direction direction, int... others)
      throws IOException, InterruptedException {
    drop(host, List.of(direction), others);
  }

  private static String addresses(int... hosts) {
    return IntStream.of(hosts)
        .mapToObj(NetworkNamespaces::address)
        .collect(Collectors.joining(", "));
  }

  private void drop(int host, List<Direction> directions, int... others)
      throws IOException, InterruptedException {
    String addresses = addresses(others);
    String chains =
        directions.stream()
            .map(direction -> String.format(direction.chain, addresses))
            .collect(Collectors.joining("\n"));
    // One transaction: the cut is all there or not at all.
    command("table inet cut {\n" + chains + "\n}\n", in(name(host), "nft", "-f", "-"));
  }

  /** Refuses at a host what comes from the others, as a firewall that says so does. */
  public void reject(int host, int... others) throws IOException, InterruptedException {
    String addresses = addresses(others);
    command(
        "table inet cut { chain in { type filter hook input priority 0; ip saddr { "
            + addresses
            + " } meta l4proto tcp reject with tcp reset; ip saddr { "
            + addresses
            + " } drop; } }",
        in(name(host), "nft", "-f", "-"));
  }

  /**
   * Ends what {@link #cut}, {@link #cutOneWay} and {@link #reject} began at a host, if anything.
   */
  public void heal(int host) throws IOException, InterruptedException {
    // Made first if there is none: deleting is then never an error.
    command("table inet cut {}\ndelete table inet cut\n", in(name(host), "nft", "-f", "-"));
  }

  /** Loses some of what comes to a host, and has what leaves it wait in a narrow line. */
  public void worsen(int host, int lossPercent, int kilobitsPerSecond)
      throws IOException, InterruptedException {
    command(
        "table inet lossy { chain in { type filter hook input priority 0; iif eth0"
            + " numgen random mod 100 < "
            + lossPercent
            + " drop; }\n}\n",
        in(name(host), "nft", "-f", "-"));
    // Not netem, which is a module that small kernels lack: a queue of up to 400 ms.
    String line = "tbf rate " + kilobitsPerSecond + "kbit burst 4kb latency 400ms";
    command("qdisc replace dev eth0 root " + line + "\n", in(name(host), "tc", "-batch", "-"));
  }

  /** Ends what {@link #worsen} began at a host. */
  public void mend(int host) throws IOException, InterruptedException {
    command("table inet lossy {}\ndelete table inet lossy\n", in(name(host), "nft", "-f", "-"));
    command("", in(name(host), "tc", "qdisc", "delete", "dev", "eth0", "root"));
  }

  /** Removes the network, and ends what still runs in it. */
  @Override
  public void close() {
    try {
      removeAll();
      turn.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void removeAll() throws IOException, InterruptedException {
    Path mounted = Path.of("/var/run/netns");
    if (!Files.isDirectory(mounted)) {
      return;
    }
    List<String> ours;
    try (var names = Files.list(mounted)) {
      ours =
          names
              .map(path -> path.getFileName().toString())
              .filter(name -> name.startsWith(PREFIX) && !name.startsWith(PREFIX + "probe"))
              .toList();
    }
    for (String name : ours) {
      // A namespace without its name lives on for as long as a process is in it.
      List<ProcessHandle> inside =
          run("", "ip", "netns", "pids", name)
              .output()
              .lines()
              .flatMap(pid -> ProcessHandle.of(Long.parseLong(pid.strip())).stream())
              .toList();
      inside.forEach(ProcessHandle::destroyForcibly);
      command("", "ip", "netns", "del", name);
    }
  }

  private record Result(int exitCode, String output) {}

  private static String command(String input, String... arguments)
      throws IOException, InterruptedException {
    Result result = run(input, arguments);
    if (result.exitCode() != 0) {
      throw new IOException(
          String.join(" ", arguments) + " ended with " + result.exitCode() + ": " + result.output);
    }
    return result.output();
  }

  private static Result run(String input, String... arguments)
      throws IOException, InterruptedException {
    Process process = new ProcessBuilder(arguments).redirectErrorStream(true).start();
    try (OutputStream in = process.getOutputStream()) {
      in.write(input.getBytes(StandardCharsets.UTF_8));
    }
    // What these commands say fits the pipe; so they end before anybody reads.
    if (!process.waitFor(COMMAND_MAX.toMillis(), TimeUnit.MILLISECONDS)) {
      process.destroyForcibly();
      throw new IOException(String.join(" ", arguments) + " hangs");
    }
    return new Result(
        process.exitValue(),
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip());
  }
}
