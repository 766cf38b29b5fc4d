package chat.server;

import chat.server.log.HardStateFile;
import chat.server.log.SegmentedLog;
import chat.server.replication.Cluster;
import chat.server.replication.HardState;
import chat.server.replication.LogPosition;
import chat.server.replication.Ready;
import chat.server.replication.ServerId;
import chat.server.runtime.ReplicatedLog;
import chat.server.storage.DamagedSnapshotException;
import chat.server.storage.SnapshotHeader;
import chat.server.storage.Snapshots;
import chat.server.storage.UnknownSnapshotException;
import chat.server.transport.LifeSocket;
import java.io.IOException;
import java.net.BindException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The servers that one process is, one after the other: where a server's disk must be replaced by
 * something newer, the next one starts with it in the same process. The life socket and the lock on
 * the data directory stay for the life of the process. {@link #run} belongs to one thread, {@link
 * #stop} to anybody.
 */
final class Incarnations {
  private static final Logger logger = LoggerFactory.getLogger(Incarnations.class);

  /** A server that could go on with what it has does so if nobody gives it what it wants. */
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** One that cannot waits. */
  private static final Duration FOR_EVER = Duration.ofDays(1000);

  /** For stopping in order, hand-over and all; who asked for it may ask only once. */
  private static final long STOP_MILLIS = 4_500;

  private ServerConfig config;
  private final DataDirectory directory;
  private final ServerTls tls;
  private final CountDownLatch stopped = new CountDownLatch(1);
  private final CountDownLatch ended = new CountDownLatch(1);
  private @Nullable ChatServer current;
  private volatile boolean orderly;

  /**
   * @param tls for the life of the process
   */
  Incarnations(ServerConfig config, DataDirectory directory, ServerTls tls) {
    this.config = config;
    this.directory = directory;
    this.tls = tls;
  }

  /**
   * Runs until it is stopped; the exit code of the process.
   *
   * @throws BindException if a port is taken
   */
  int run() throws IOException, InterruptedException {
    try {
      // Before the disk is read (R7).
      LifeSocket.bind(config.address().life().resolved());
      End end = new End.Restart();
      while (!isLast(end)) {
        directory.tidy();
        prepare(end);
        end = stopped.getCount() == 0 ? new End.Stopped() : runOnce();
      }
      orderly = true;
      return 0;
    } finally {
      ended.countDown();
    }
  }

  private static boolean isLast(End end) {
    boolean removed =
        end instanceof End.Replaced ended && ended.why() instanceof Ready.Ending.Removed;
    if (removed) {
      logger.warn("this server was removed from the cluster: its process ends");
    }
    return removed || end instanceof End.Stopped;
  }

  private End runOnce() throws IOException, InterruptedException {
    Recovery disk;
    try {
      disk = Recovery.open(config, directory);
    } catch (StateLostException e) {
      return new End.StateLost(String.valueOf(e.getMessage()));
    }
    dropUselessBase(disk.log());
    ChatServer server = ChatServer.start(config, directory, disk, tls);
    synchronized (this) {
      current = server;
    }
    if (stopped.getCount() == 0) {
      server.end(new End.Stopped());
    }
    End end = server.awaitEnd();
    server.close();
    if (!(end instanceof End.Stopped)) {
      // What comes next in this process is built where such a command builds.
      server.awaitCommands();
    }
    synchronized (this) {
      current = null;
    }
    // Servers may have moved, come or gone.
    config = config.with(server.addresses());
    return end;
  }

  /** Has the disk hold what the next server needs; tidied up after. */
  private void prepare(End end) throws IOException, InterruptedException {
    if (end instanceof End.StateLost lost) {
      logger.warn("{}", lost.why());
      if (!learnFromBase()) {
        learnOrTrustAgain();
      }
    } else if (end instanceof End.Replaced ended) {
      if (ended.why() instanceof Ready.Ending.SnapshotNeeded needed) {
        List<ServerId> peers = peers();
        peers.remove(needed.source());
        peers.add(0, needed.source());
        learn(peers, needed.cluster(), true, PATIENCE);
      } else if (ended.why() instanceof Ready.Ending.LaterLineage later) {
        changeLineage(later.cluster());
      }
    }
    directory.tidy();
  }

  /**
   * A database that failed in use may be whole all the same: a full disk does not harm what was
   * there at the last checkpoint. Where nobody gives a better one (all disks may have been full),
   * it is used if every byte of it is what was written.
   */
  private void learnOrTrustAgain() throws IOException, InterruptedException {
    Path database = directory.databaseDirectory();
    Cluster own = hardState().view().cluster();
    if (!Recovery.isDistrusted(database)) {
      learn(peers(), own, false, FOR_EVER);
    } else if (!learn(peers(), own, false, PATIENCE) && stopped.getCount() > 0) {
      Recovery.trustIfWhole(database);
    }
  }

  private List<ServerId> peers() {
    List<ServerId> peers = new ArrayList<>(config.cluster().members().keySet());
    peers.remove(config.id());
    return peers;
  }

  private HardState hardState() throws IOException {
    return new HardStateFile(directory.stateFile())
        .load()
        .orElseThrow(() -> new IOException("there is no hard state in " + directory.path()));
  }

  /** A log that was trimmed beyond it needs more than the base. */
  private void dropUselessBase(ReplicatedLog log) throws IOException {
    Path base = directory.baseFile();
    if (!Files.exists(base)) {
      return;
    }
    boolean useless;
    try {
      useless = Snapshots.readHeader(base).position().index() + 1 < log.firstIndex();
    } catch (DamagedSnapshotException | UnknownSnapshotException e) {
      logger.warn("{} is of no use: {}", base, e.getMessage());
      useless = true;
    }
    if (useless) {
      Files.delete(base);
    }
  }

  /** Makes the database anew from the snapshot that the log begins after, if there is one. */
  private boolean learnFromBase() throws IOException {
    Path base = directory.baseFile();
    if (!Files.exists(base)) {
      return false;
    }
    try (ReplicatedLog log = SegmentedLog.open(directory.logDirectory())) {
      SnapshotHeader header = Snapshots.verify(base);
      LogPosition position = header.position();
      if (log.position(position.index()).filter(position::equals).isEmpty()) {
        return false;
      }
      logger.info("the database is made anew from {}, up to {}", base, position);
      new NextData(directory).learn(base, header, hardState().view().cluster(), true);
      return true;
    } catch (DamagedSnapshotException | UnknownSnapshotException e) {
      logger.warn("{} is of no use: {}", base, e.getMessage());
      return false;
    }
  }

  /**
   * Replaces the database by a peer's, and the log where it does not reach so far.
   *
   * @param of the cluster whose state it is
   * @param ahead whether only a state beyond what is known here to be committed will do
   * @return whether one came
   */
  private boolean learn(List<ServerId> peers, Cluster of, boolean ahead, Duration patience)
      throws IOException, InterruptedException {
    HardState own = hardState();
    try (ReplicatedLog log = SegmentedLog.open(directory.logDirectory())) {
      // One that ends before the log begins would leave a gap.
      long least = ahead ? log.recordedCommitIndex() + 1 : log.firstIndex() - 1;
      logger.warn(
          "this server's log, {} to {}, does not suffice: asking servers {} for a snapshot",
          log.firstIndex(),
          log.last(),
          peers);
      Optional<SnapshotSearch.Found> found =
          new SnapshotSearch(config, directory, tls.peers(), stopped)
              .find(peers, own, of, header -> header.position().index() >= least, patience);
      if (found.isEmpty()) {
        logger.warn("no snapshot came: going on as before");
        return false;
      }
      SnapshotSearch.Found snapshot = found.get();
      LogPosition position = snapshot.header().position();
      boolean reaches = log.position(position.index()).filter(position::equals).isPresent();
      new NextData(directory)
          .learn(snapshot.file(), snapshot.header(), snapshot.cluster(), reaches);
      Files.delete(snapshot.file());
      return true;
    }
  }

  private void changeLineage(Cluster of) throws IOException, InterruptedException {
    HardState own = hardState();
    long lineage = of.lineage();
    long left = own.view().cluster().lineage();
    logger.warn(
        "an operator began lineage {} without this server, whose data is of lineage {}: asking"
            + " servers {} for a snapshot, then that data is set aside",
        lineage,
        left,
        peers());
    Optional<SnapshotSearch.Found> found =
        new SnapshotSearch(config, directory, tls.peers(), stopped)
            .find(peers(), own, of, header -> true, PATIENCE);
    if (found.isPresent()) {
      SnapshotSearch.Found snapshot = found.get();
      HardState next =
          LineageChange.learner(own, snapshot.cluster(), config.cluster().members().keySet());
      new NextData(directory)
          .changeLineage(snapshot.file(), snapshot.header().position(), next, left);
      Files.delete(snapshot.file());
    } else {
      logger.warn("no snapshot of lineage {} came: going on as before", lineage);
    }
  }

  /**
   * Stops whatever runs, in order, and waits for it, for less than five seconds.
   *
   * @return whether it ended as it should; if not, what is on the disk is what a crash leaves, and
   *     the next start deals with it
   */
  boolean stop() {
    stopped.countDown();
    synchronized (this) {
      if (current != null) {
        current.end(new End.Stopped());
      }
    }
    try {
      if (!ended.await(STOP_MILLIS, TimeUnit.MILLISECONDS)) {
        logger.warn("stopping takes too long: this process ends as by a crash");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return orderly || isBetweenServers();
  }

  // What is fetched from a peer at such a time counts for nothing yet; waiting for the rest of it
  // may take minutes.
  private synchronized boolean isBetweenServers() {
    return current == null && ended.getCount() > 0;
  }
}
