package chat.server.runtime;

import chat.server.chat.Outcome;
import chat.server.replication.Change;
import chat.server.replication.Envelope;
import chat.server.replication.Ready;
import chat.server.replication.Replica;
import chat.server.replication.ServerId;
import chat.server.replication.Status;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Drives {@link Replica} and writes the log, in {@link Turns}: one thread at a time. It takes all
 * that has arrived, does what {@link Ready} says, and so writes in batches that grow with load:
 * what arrives during one fsync goes with the next.
 *
 * <p>The public methods may be called from any thread and never block. A failed write or fsync ends
 * the process: what is on the disk is unknown then (R14).
 */
public final class ReplicaLoop implements PeerNetwork.Receiver, AutoCloseable {
  private static final Logger logger = LoggerFactory.getLogger(ReplicaLoop.class);
  private static final long TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  private final Replica replica;
  private final ReplicatedLog log;
  private final HardStateStore hardStates;
  private final Applier applier;
  private final Consumer<Throwable> fatal;
  private final Turns turns = new Turns("replica", new Steps());
  private final Inputs inputs = new Inputs(turns::want);
  private final ClientRequests requests;
  private final OperatorRequests operators;
  private final ExecutorService fetches =
      Executors.newSingleThreadExecutor(r -> new Thread(r, "log-reader"));
  private final PeerReads reads;
  private final LogTrimmer trimmer;
  private final List<Inputs.Input> batch = new ArrayList<>();

  // Of whoever has the turn, as are the rest that are not volatile.
  private @Nullable PeerNetwork network;
  private @Nullable CrashProbe probe;
  private @Nullable Consumer<Status> onStatus;
  private @Nullable Consumer<Ready.Ending> onEnding;
  private Ready.@Nullable Ending ending;
  private volatile @Nullable Status status;
  private volatile boolean stopping;
  private volatile boolean diskLow;
  private final AtomicLong rounds = new AtomicLong();
  private long tickedAt;

  /** What is sent first and not written yet. */
  private @Nullable Ready halfway;

  /**
   * @param fatal gets what ends the turns before their time: the server must stop
   */
  public ReplicaLoop(
      Replica replica,
      ReplicatedLog log,
      HardStateStore hardStates,
      Applier applier,
      LogRetention retention,
      Consumer<Throwable> fatal) {
    this.replica = replica;
    this.log = log;
    this.hardStates = hardStates;
    this.applier = applier;
    this.fatal = fatal;
    this.requests = new ClientRequests(replica, applier, inputs, this::status);
    this.operators = new OperatorRequests(replica, inputs);
    this.reads = new PeerReads(log, fetches, this::answer);
    this.trimmer = new LogTrimmer(log, applier, retention, fetches, fatal);
  }

  /**
   * Begins. Messages may have arrived before.
   *
   * @param statuses gets every change of status, by whoever has the turn; must not block
   * @param endings gets, once at most, why this run cannot go on, by whoever has the turn; must not
   *     block
   */
  public void start(
      PeerNetwork peers,
      CrashProbe crashProbe,
      Consumer<Status> statuses,
      Consumer<Ready.Ending> endings) {
    this.network = peers;
    this.probe = crashProbe;
    this.onStatus = statuses;
    this.onEnding = endings;
    turns.start();
  }

  /** What was last known; null before the first step. */
  public @Nullable Status status() {
    return status;
  }

  /** Whether this server's disk is nearly full, for the others to know. */
  public void diskIsLow(boolean low) {
    diskLow = low;
  }

  /** Grows as long as somebody drives the replica; for a watchdog. */
  public long rounds() {
    return rounds.get();
  }

  @Override
  public void received(Envelope envelope) {
    inputs.add(now -> replica.receive(envelope, now));
  }

  @Override
  public void disconnected(ServerId peer) {
    inputs.add(now -> replica.disconnected(peer, now));
  }

  /**
   * Has a command carried out; commands of one thread are appended in its order.
   *
   * @param wanted asked when it is the command's turn: what a refusal before it has made worthless
   *     must not be appended
   * @return its outcome once it is committed and applied, or a {@link ProposalException}
   */
  public CompletableFuture<Outcome> propose(byte[] payload, BooleanSupplier wanted) {
    return requests.propose(payload, wanted);
  }

  /** Completes once reads of the applied state reflect all that was acknowledged before (R10). */
  public CompletableFuture<Void> readBarrier() {
    return requests.read();
  }

  /**
   * Has a change made by this server as primary.
   *
   * @return completes when the view that makes it is installed; fails with a {@link
   *     ChangeRefusedException} that says why it was not made, or that this cannot be told
   */
  public CompletableFuture<Void> change(Change change) {
    return operators.change(change);
  }

  /**
   * Takes an operator's word that a server's process is dead (R7).
   *
   * @return fails with a {@link ChangeRefusedException} if it is not taken
   */
  public CompletableFuture<Void> confirmCrashed(ServerId server) {
    return operators.confirmCrashed(server);
  }

  private final class Steps implements Turns.Work {
    @Override
    public boolean step(boolean lent) throws IOException {
      return ReplicaLoop.this.step(lent);
    }

    @Override
    public boolean hasMore() {
      return !inputs.isEmpty();
    }

    @Override
    public boolean isOver() {
      return stopping;
    }

    @Override
    public void ended(@Nullable Throwable failure) {
      if (failure != null) {
        fatal.accept(failure);
      }
      inputs.end();
      requests.end();
      operators.end();
    }
  }

  private boolean step(boolean lent) throws IOException {
    Ready ready = halfway;
    if (ready == null) {
      begin();
      ready = replica.ready();
      send(ready.sendFirst());
      if (lent && ready.writes() && !ready.sendFirst().isEmpty()) {
        // This thread may be the one that has to put it on the wire: before the disk works.
        halfway = ready;
        return false;
      }
    }
    halfway = null;
    finish(ready);
    while (replica.hasWork()) {
      perform(replica.ready());
    }
    if (requests.retryHeld(System.nanoTime()) && replica.hasWork()) {
      perform(replica.ready());
    }
    rounds.lazySet(rounds.get() + 1);
    return true;
  }

  private void begin() {
    inputs.take(batch);
    long now = System.nanoTime();
    for (Inputs.Input input : batch) {
      input.handle(now);
    }
    batch.clear();
    now = System.nanoTime();
    if (now - tickedAt >= TICK_NANOS) {
      tickedAt = now;
      replica.applied(applier.appliedIndex());
      replica.diskIsLow(diskLow);
      replica.mayBeReplaced(applier.isEmpty());
      replica.tick(now);
      trimmer.tick(now, status);
    }
  }

  private void perform(Ready ready) throws IOException {
    send(ready.sendFirst());
    finish(ready);
  }

  private void finish(Ready ready) throws IOException {
    if (ready.writes()) {
      if (ready.truncateAfter() >= 0) {
        log.truncateAfter(ready.truncateAfter());
      }
      log.append(ready.append(), ready.commitIndex());
      if (ready.mustSync()) {
        log.sync();
      }
      var hard = ready.hardState();
      if (hard != null) {
        hardStates.store(hard);
      }
    }
    replica.persisted();
    send(ready.send());
    applier.commit(ready.commitIndex());
    show(ready.status());
    if (ready.hasMore()) {
      performMore(ready);
    }
    if (ending == null && ready.ending() != null) {
      ending = ready.ending();
      Objects.requireNonNull(onEnding).accept(ending);
    }
  }

  // Loops, not forEach: this runs several times for a message, and a lambda that captures something
  // is a call into the virtual machine in what the first compiler makes.
  private void send(List<Envelope> envelopes) {
    PeerNetwork peers = Objects.requireNonNull(network);
    for (Envelope envelope : envelopes) {
      peers.send(envelope);
    }
  }

  private void performMore(Ready ready) {
    ready.fetches().forEach(reads::serve);
    ready.probes().forEach(this::ask);
    ready.notices().forEach(logger::info);
    ready.reads().forEach(requests::confirmed);
    ready.failedReads().forEach(requests::readFailed);
    ready.changes().forEach(operators::changed);
  }

  private void show(@Nullable Status news) {
    if (news == null) {
      return;
    }
    Status before = status;
    status = news;
    boolean lost = before != null && before.serving() && !news.serving();
    if (lost) {
      applier.abandon();
    }
    Objects.requireNonNull(onStatus).accept(news);
  }

  private void answer(Envelope answer) {
    inputs.add(now -> Objects.requireNonNull(network).send(answer));
  }

  private void ask(Ready.Probe question) {
    CrashProbe asker = probe;
    if (asker != null) {
      asker.probe(
          question.target(), refused -> inputs.add(now -> replica.probed(question, refused, now)));
    }
  }

  /**
   * Says goodbye to the others (R7) and ends, having done what was under way. Proposals that come
   * later are refused.
   */
  @Override
  public void close() {
    stop(true);
  }

  /**
   * Ends without a word to the others: to them it is as if this server had become silent, which
   * proves nothing.
   */
  public void fallSilent() {
    stop(false);
  }

  private void stop(boolean sayGoodbye) {
    inputs.add(
        now -> {
          if (sayGoodbye) {
            replica.leave(now);
          }
          requests.stop();
          stopping = true;
        });
    try {
      turns.join();
      // Whoever comes next opens the log: what this one deletes of it must be over by then.
      fetches.shutdown();
      while (!fetches.awaitTermination(1, TimeUnit.MINUTES)) {
        logger.warn("the log is still being read or trimmed");
      }
    } catch (InterruptedException e) {
      fetches.shutdown();
      Thread.currentThread().interrupt();
    }
  }
}
