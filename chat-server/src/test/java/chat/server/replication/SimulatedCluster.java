package chat.server.replication;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiPredicate;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * A whole cluster in one thread and in virtual time: a seed decides everything. Messages are
 * delayed, lost and repeated; servers die between any two steps of their work and start again;
 * links are cut in one or both directions.
 */
final class SimulatedCluster {
  private record Event(long at, long order, Runnable action) implements Comparable<Event> {
    @Override
    public int compareTo(Event other) {
      return at != other.at ? Long.compare(at, other.at) : Long.compare(order, other.order);
    }
  }

  static final long MILLI = 1_000_000;
  private static final int EVENTS_MAX = 200_000;

  /** Of one server in a second: 40 rounds with the four others. */
  private static final int PROMISE_REQUESTS_MAX = 160;

  private final Random random;
  private final ViewRules rules;
  private final SortedMap<ServerId, SimulatedServer> servers = new TreeMap<>();
  private final PriorityQueue<Event> events = new PriorityQueue<>();
  private final Set<List<ServerId>> cuts = new HashSet<>();
  private final Set<List<ServerId>> rejects = new HashSet<>();
  private final List<Envelope> onTheWay = new ArrayList<>();
  private final SortedMap<ServerId, Integer> promiseRequests = new TreeMap<>();
  private long stormSince;
  private final SafetyChecker checker = new SafetyChecker();
  private final ChatHistory history = new ChatHistory();
  private final List<SimulatedClient> clients = new ArrayList<>();
  private final Random clientRandom;
  private final List<String> trace = new ArrayList<>();
  private long now = 1;
  private long orders;
  private long reads;
  private long proposals;
  private int disks;

  /** What the servers' surroundings do, where a test breaks that. */
  SimulatedDriver driver = new SimulatedDriver();

  /** How long clients wait between two steps, on average. */
  long clientPause = 60;

  double clientBreakChance;
  double lossChance;
  double repeatChance;
  double deathChance;
  long delayMax = 2 * MILLI;
  boolean tracing;
  Predicate<Envelope> passes = e -> true;

  /** What takes so many milliseconds longer. */
  ToLongFunction<Envelope> slowness = e -> 0;

  /** What is kept on its way until {@link #release}. */
  Predicate<Envelope> held = e -> false;

  /** How long the answer of a life socket takes, beside the three questions. */
  long probeDelay = 100_000;

  BiPredicate<SimulatedServer, SimulatedServer.CrashPoint> dies = (server, point) -> false;

  SimulatedCluster(long seed, int size) {
    this(seed, size, new ViewRules(), 0);
  }

  SimulatedCluster(long seed, int size, ViewRules rules, double drift) {
    this.random = new Random(seed);
    this.clientRandom = new Random(~seed);
    this.rules = rules;
    Set<ServerId> ids = new HashSet<>();
    for (int i = 1; i <= size; i++) {
      ids.add(new ServerId(i));
    }
    View unborn = View.unborn(ids);
    for (int i = 1; i <= size; i++) {
      ServerId id = new ServerId(i);
      servers.put(id, new SimulatedServer(this, id, unborn, random, drift));
    }
    for (SimulatedServer server : servers.values()) {
      at(now, () -> tick(server));
    }
  }

  long now() {
    return now;
  }

  Random random() {
    return random;
  }

  Collection<ServerId> ids() {
    return servers.keySet();
  }

  SafetyChecker checker() {
    return checker;
  }

  SimulatedServer server(int id) {
    SimulatedServer server = servers.get(new ServerId(id));
    if (server == null) {
      throw new IllegalArgumentException("no server " + id);
    }
    return server;
  }

  Collection<SimulatedServer> servers() {
    return servers.values();
  }

  void trace(String text) {
    if (tracing) {
      trace.add(now / MILLI + " ms  " + text);
    }
  }

  List<String> transcriptLines() {
    return List.copyOf(trace);
  }

  String transcript() {
    return String.join("\n", trace);
  }

  void at(long time, Runnable action) {
    events.add(new Event(time, orders++, action));
  }

  void after(long millis, Runnable action) {
    at(now + millis * MILLI, action);
  }

  private void tick(SimulatedServer server) {
    server.tick();
    at(now + 10 * MILLI + random.nextInt((int) MILLI), () -> tick(server));
  }

  void run(long millis) {
    run(millis, c -> false);
  }

  /** The same, up to the very event after which a condition holds. */
  boolean run(long millis, Predicate<SimulatedCluster> condition) {
    long end = now + millis * MILLI;
    while (!events.isEmpty() && events.peek().at() <= end) {
      if (condition.test(this)) {
        return true;
      }
      if (events.size() > EVENTS_MAX) {
        throw new InvariantViolation("a storm: " + events.size() + " events wait");
      }
      Event event = events.remove();
      now = event.at();
      event.action().run();
    }
    now = end;
    return condition.test(this);
  }

  /** Runs until a condition holds, at most so long. */
  boolean runUntil(long millisMax, Predicate<SimulatedCluster> condition) {
    for (long i = 0; i < millisMax; i += 5) {
      if (condition.test(this)) {
        return true;
      }
      run(5);
    }
    return condition.test(this);
  }

  void start(int... ids) {
    for (int id : ids) {
      SimulatedServer server = server(id);
      if (!server.alive()) {
        server.start(rules);
        trace("server " + id + " starts, incarnation " + server.incarnation());
        server.work();
      }
    }
  }

  void startAll() {
    for (ServerId id : servers.keySet()) {
      start(id.value());
    }
  }

  void crash(int id) {
    crash(new ServerId(id));
  }

  void crash(ServerId id) {
    SimulatedServer server = server(id.value());
    if (server.alive()) {
      trace("server " + id + " crashes");
      server.kill();
      for (SimulatedServer other : servers.values()) {
        if (!cut(id, other.id) && !other.id.equals(id)) {
          at(now + random.nextInt((int) MILLI), () -> disconnected(other, id));
        }
      }
    }
  }

  private void disconnected(SimulatedServer server, ServerId from) {
    server.input(replica -> replica.disconnected(from, server.clock()));
  }

  /** A connection breaks and nothing else: the one end of it hears of it. */
  void breakConnection(int at, int to) {
    disconnected(server(at), new ServerId(to));
  }

  /** An empty disk in the place of a dead server's. */
  void wipe(int id) {
    trace("the disk of server " + id + " is replaced by an empty one");
    server(id).disk =
        new SimulatedDisk("disk " + ++disks + " of " + id, View.unborn(servers.keySet()));
  }

  /** The newest that is installed anywhere. */
  View newestView() {
    View newest = server(1).disk.hard.view();
    for (SimulatedServer server : servers()) {
      View view = server.disk.hard.view();
      newest = view.ballot().isAfter(newest.ballot()) ? view : newest;
    }
    return newest;
  }

  void cut(int from, int to, boolean cut) {
    List<ServerId> link = List.of(new ServerId(from), new ServerId(to));
    if (cut ? cuts.add(link) : cuts.remove(link)) {
      trace((cut ? "cut " : "healed ") + from + " -> " + to);
    }
  }

  /** Cuts all links between the two sides. */
  void part(Set<Integer> one, Set<Integer> other) {
    for (int a : new TreeSet<>(one)) {
      for (int b : new TreeSet<>(other)) {
        cut(a, b, true);
        cut(b, a, true);
      }
    }
  }

  void isolate(int id) {
    for (ServerId other : servers.keySet()) {
      if (other.value() != id) {
        cut(id, other.value(), true);
        cut(other.value(), id, true);
      }
    }
  }

  /** A host between two servers that does not drop but refuses, both ways (outside R7). */
  void reject(int one, int other) {
    cut(one, other, true);
    cut(other, one, true);
    rejects.add(List.of(new ServerId(one), new ServerId(other)));
    rejects.add(List.of(new ServerId(other), new ServerId(one)));
    trace("a host between " + one + " and " + other + " refuses connections");
    for (int from : new int[] {one, other}) {
      ServerId to = new ServerId(from == one ? other : one);
      at(now + MILLI, () -> disconnected(server(from), to));
    }
  }

  void heal() {
    cuts.clear();
    rejects.clear();
    trace("all links healed");
  }

  private boolean cut(ServerId from, ServerId to) {
    return cuts.contains(List.of(from, to));
  }

  void send(Envelope envelope) {
    if (envelope.message() instanceof Message.PromiseRequest) {
      countPromiseRequest(envelope.from());
    }
    if (!passes.test(envelope) || random.nextDouble() < lossChance) {
      return;
    }
    if (held.test(envelope)) {
      onTheWay.add(envelope);
      return;
    }
    int copies = random.nextDouble() < repeatChance ? 2 : 1;
    for (int i = 0; i < copies; i++) {
      long delay = 50_000 + (long) (random.nextDouble() * random.nextDouble() * delayMax);
      at(now + delay + slowness.applyAsLong(envelope) * MILLI, () -> deliver(envelope));
    }
  }

  /** Servers that stand again and again at one instant would never come to an end. */
  private void countPromiseRequest(ServerId from) {
    if (now - stormSince > 1_000 * MILLI) {
      stormSince = now;
      promiseRequests.clear();
    }
    if (promiseRequests.merge(from, 1, Integer::sum) > PROMISE_REQUESTS_MAX) {
      throw new InvariantViolation(
          "a storm: server " + from + " asks for promises without an end, " + promiseRequests);
    }
  }

  /** Lets what was held go on, in its order, and holds nothing more. */
  void release() {
    release(false);
  }

  /** The same; it had passed by where links were cut since. */
  void releaseThroughCuts() {
    release(true);
  }

  private void release(boolean throughCuts) {
    held = e -> false;
    List<Envelope> released = List.copyOf(onTheWay);
    onTheWay.clear();
    trace("released: " + released.size() + " messages");
    released.forEach(e -> at(now + 50_000, () -> deliver(e, throughCuts)));
  }

  private void deliver(Envelope envelope) {
    deliver(envelope, false);
  }

  private void deliver(Envelope envelope, boolean throughCuts) {
    SimulatedServer server = server(envelope.to().value());
    if (throughCuts || !cut(envelope.from(), envelope.to())) {
      server.input(replica -> replica.receive(envelope, server.clock()));
    }
  }

  /** Asks a life socket three times, 50 ms apart. */
  void probe(SimulatedServer asker, Ready.Probe probe) {
    probeAgain(asker, probe, asker.incarnation(), 3);
  }

  private void probeAgain(SimulatedServer asker, Ready.Probe probe, Incarnation of, int timesLeft) {
    SimulatedServer target = server(probe.target().value());
    boolean rejected = rejects.contains(List.of(asker.id, target.id));
    boolean silent = !rejected && (cut(asker.id, target.id) || cut(target.id, asker.id));
    boolean refused = rejected || (!silent && !target.alive());
    if (refused && timesLeft > 1) {
      at(now + 50 * MILLI, () -> probeAgain(asker, probe, of, timesLeft - 1));
      return;
    }
    long wait = silent ? 200 * MILLI : probeDelay;
    at(now + wait, () -> probed(asker, probe, of, refused));
  }

  private void probed(SimulatedServer asker, Ready.Probe probe, Incarnation of, boolean refused) {
    if (asker.replica != null && asker.incarnation().equals(of)) {
      asker.input(replica -> replica.probed(probe, refused, asker.clock()));
    }
  }

  boolean diesAt(SimulatedServer server, SimulatedServer.CrashPoint point) {
    return dies.test(server, point) || (deathChance > 0 && random.nextDouble() < deathChance);
  }

  /** Proposes at whoever takes it. */
  boolean propose() {
    for (SimulatedServer server : servers.values()) {
      if (propose(server)) {
        return true;
      }
    }
    return false;
  }

  /** Returns whether it was appended, or waits to be. */
  boolean propose(SimulatedServer server) {
    if (server.replica == null || server.paused) {
      return false;
    }
    byte[] payload = Long.toString(++proposals).getBytes(StandardCharsets.UTF_8);
    boolean[] refused = new boolean[1];
    server.input(replica -> refused[0] = replica.propose(payload, server.clock()) == null);
    return !refused[0];
  }

  void read(SimulatedServer server) {
    if (!server.paused) {
      server.input(
          replica -> {
            long id = nextRead();
            checker.readBegins(id);
            replica.read(id, server.clock());
          });
    }
  }

  long nextRead() {
    return ++reads;
  }

  /** Users who send and read from now on. */
  void startClients(int count) {
    List<String> names = new ArrayList<>();
    for (int i = 1; i <= count; i++) {
      names.add("user" + i);
    }
    for (String name : names) {
      int window = clientRandom.nextBoolean() ? 1 : 1 + clientRandom.nextInt(6);
      SimulatedClient client = new SimulatedClient(this, name, names, window);
      clients.add(client);
      at(now, () -> stepClient(client));
    }
  }

  private void stepClient(SimulatedClient client) {
    client.step();
    long pause = clientPause * MILLI;
    at(now + pause / 2 + (long) (clientRandom.nextDouble() * pause), () -> stepClient(client));
  }

  boolean clientsAreIn() {
    return clients.stream().allMatch(SimulatedClient::loggedIn);
  }

  /** Lets the clients finish, and compares all that is known; every server must be there. */
  void finishClients() {
    clients.forEach(SimulatedClient::stop);
    boolean done = runUntil(20_000, c -> c.clients.stream().allMatch(SimulatedClient::idle));
    if (!done) {
      throw new InvariantViolation("clients get no answer: " + clients);
    }
    propose();
    run(2_000);
    for (SimulatedServer server : servers.values()) {
      // One that was removed in the last moment has ended, and lacks what came then.
      if (server.alive() && server.ending == null) {
        history.atTheEnd(
            server.id, server.disk.database.appliedIndex(), server.disk.database.tables());
      }
    }
  }

  ChatHistory history() {
    return history;
  }

  Random clientRandom() {
    return clientRandom;
  }

  /** The newest server that takes writes by its own account: one that pauses does not (R11). */
  @Nullable SimulatedServer primary() {
    SimulatedServer found = null;
    for (SimulatedServer server : servers.values()) {
      Status status = server.status;
      if (status != null && status.serving() && !status.paused()) {
        found = found == null || newer(server, found) ? server : found;
      }
    }
    return found;
  }

  private static boolean newer(SimulatedServer a, SimulatedServer b) {
    return a.disk.hard.view().ballot().isAfter(b.disk.hard.view().ballot());
  }

  boolean servedBy(int id) {
    SimulatedServer primary = primary();
    return primary != null && primary.id.value() == id;
  }

  /** Whether all live servers are members of the newest view and its primary serves. */
  boolean complete() {
    SimulatedServer primary = primary();
    if (primary == null) {
      return false;
    }
    View view = primary.disk.hard.view();
    if (newestView().ballot().isAfter(view.ballot())) {
      // One whose disk hangs is left behind and does not know it (seed 2261674121586708374).
      return false;
    }
    for (SimulatedServer server : servers.values()) {
      if (server.alive() && !view.names(server.id, server.incarnation())) {
        return false;
      }
    }
    return true;
  }
}
