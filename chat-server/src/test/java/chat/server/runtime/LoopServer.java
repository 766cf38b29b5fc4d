package chat.server.runtime;

import chat.server.chat.Outcome;
import chat.server.replication.Entry;
import chat.server.replication.Envelope;
import chat.server.replication.HardState;
import chat.server.replication.Identity;
import chat.server.replication.Incarnation;
import chat.server.replication.Message;
import chat.server.replication.Replica;
import chat.server.replication.Report;
import chat.server.replication.ServerId;
import chat.server.replication.Settings;
import chat.server.replication.Status;
import chat.server.replication.View;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * A real replica loop and applier over a fake disk, in a network that is a method call. Everything
 * it sends is held against what its disk has by then.
 */
final class LoopServer implements AutoCloseable {
  final ServerId id;
  final FakeDisk disk;
  final FakeState state = new FakeState();
  final List<Throwable> failures = new CopyOnWriteArrayList<>();

  /** What it said that was not on its disk, or after its disk had failed. */
  final List<String> lies = new CopyOnWriteArrayList<>();

  // Under this object's monitor, as is the list.
  private boolean deaf;
  private final List<Envelope> unheard = new ArrayList<>();

  private final Map<ServerId, LoopServer> network;
  private final Applier applier;
  final ReplicaLoop loop;

  /**
   * A server of a new cluster.
   *
   * @param configured all servers of the cluster
   * @param network where they are found once they are made
   */
  LoopServer(ServerId id, SortedSet<ServerId> configured, Map<ServerId, LoopServer> network) {
    this.id = id;
    this.network = network;
    HardState started =
        HardState.empty(View.unborn(configured)).withIncarnation(new Incarnation(1));
    this.disk = new FakeDisk(started);
    this.applier = new Applier(state, disk, failures::add);
    Replica replica =
        new Replica(
            new Identity(id, configured, "disk-" + id, "cluster", ""),
            Settings.DEFAULT,
            started,
            Replica.RestoredLog.EMPTY,
            new SplittableRandom(id.value()),
            System.nanoTime());
    this.loop = new ReplicaLoop(replica, disk, disk, applier, LogRetention.DEFAULT, failures::add);
  }

  void start() {
    applier.start(applied -> {});
    loop.start(this::send, (target, answer) -> answer.accept(false), s -> {}, ending -> {});
  }

  boolean serves() {
    Status status = loop.status();
    return status != null && status.serving() && !status.paused();
  }

  boolean changesTheView() {
    Status status = loop.status();
    return status != null && status.serving() && status.paused();
  }

  boolean isMemberOfAllServers() {
    Status status = loop.status();
    return status != null && status.view().size() == network.size();
  }

  CompletableFuture<Outcome> propose(byte[] payload) {
    return loop.propose(payload, () -> true);
  }

  private void send(Envelope envelope) {
    String what = "send " + describe(envelope.message());
    disk.note(what);
    if (Thread.currentThread() instanceof LendingThread lender) {
      // As a network thread puts on the wire what it was given.
      lender.afterwards(() -> disk.note("flush " + what));
    }
    String lie = lie(envelope.message());
    if (lie != null) {
      lies.add(lie);
    }
    if (disk.hasFailed()) {
      lies.add("sent after its disk failed: " + envelope.message());
    }
    LoopServer to = network.get(envelope.to());
    if (to != null) {
      to.receive(envelope);
    }
  }

  private synchronized void receive(Envelope envelope) {
    if (deaf) {
      unheard.add(envelope);
    } else {
      loop.received(envelope);
    }
  }

  /** What is sent to it from now on waits. */
  synchronized void deafen() {
    deaf = true;
  }

  /** It hears what waits, and everything from now on. */
  synchronized void hear() {
    deaf = false;
    unheard.forEach(loop::received);
    unheard.clear();
  }

  private static String describe(Message message) {
    if (message instanceof Message.AppendRequest append) {
      List<Entry> entries = append.entries();
      return "entries to " + (append.previous().index() + entries.size());
    }
    return message instanceof Message.Appended a
        ? "durable to " + a.durableIndex()
        : message.getClass().getSimpleName();
  }

  /** What a message claims that the disk has not; null if it has all of it. */
  private @Nullable String lie(Message message) {
    HardState stored = disk.storedState();
    boolean kept = true;
    if (message instanceof Message.Appended appended) {
      kept = appended.durableIndex() <= disk.durableIndex();
    } else if (message instanceof Message.JoinRequest join) {
      kept = join.durable().index() <= disk.durableIndex();
    } else if (message instanceof Message.Heartbeat heartbeat) {
      kept = isKept(heartbeat.report());
    } else if (message instanceof Message.HeartbeatAnswer answer) {
      kept = isKept(answer.report());
    } else if (message instanceof Message.Promise promise) {
      kept = stored.promisedBallot().compareTo(promise.ballot()) >= 0;
    } else if (message instanceof Message.Accepted accepted) {
      kept = stored.accepted() != null && stored.accepted().ballot().equals(accepted.ballot());
    } else if (message instanceof Message.Installed installed) {
      kept = stored.view().ballot().compareTo(installed.view()) >= 0;
    }
    return kept ? null : message + ", but on disk is " + stored + ", log " + disk.durableIndex();
  }

  private boolean isKept(Report report) {
    return report.durable().index() <= disk.durableIndex()
        && disk.storedState().view().ballot().compareTo(report.view().ballot()) >= 0;
  }

  @Override
  public void close() {
    loop.close();
    applier.close();
  }
}
