package chat.server;

import chat.server.replication.Cluster;
import chat.server.replication.Envelope;
import chat.server.replication.HardState;
import chat.server.replication.ServerId;
import chat.server.storage.SnapshotHeader;
import chat.server.storage.Snapshots;
import chat.server.transport.PeerSecurity;
import chat.server.transport.SnapshotFetch;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks peers for a snapshot, one after the other and again, until one gives what is wanted. Any
 * will do, the primary or not: what is applied is committed. Confined to one thread.
 */
final class SnapshotSearch {
  private static final Logger logger = LoggerFactory.getLogger(SnapshotSearch.class);
  private static final Duration DEADLINE = Duration.ofMinutes(30);
  private static final long PAUSE_MILLIS = 500;
  private static final long PAUSE_MILLIS_MAX = 30_000;

  private final ServerConfig config;
  private final DataDirectory directory;
  private final PeerSecurity security;
  private final CountDownLatch stopped;
  private long pauseMillis;
  private final Map<ServerId, String> refusals = new HashMap<>();

  /**
   * @param file is the caller's to delete
   * @param cluster whose state it is
   */
  record Found(Path file, SnapshotHeader header, Cluster cluster) {}

  /**
   * @param security how the servers prove who they are
   * @param stopped ends the search
   */
  SnapshotSearch(
      ServerConfig config, DataDirectory directory, PeerSecurity security, CountDownLatch stopped) {
    this(config, directory, security, stopped, PAUSE_MILLIS);
  }

  SnapshotSearch(
      ServerConfig config,
      DataDirectory directory,
      PeerSecurity security,
      CountDownLatch stopped,
      long pauseMillis) {
    this.pauseMillis = pauseMillis;
    this.config = config;
    this.directory = directory;
    this.security = security;
    this.stopped = stopped;
  }

  /**
   * Searches for as long as the patience lasts.
   *
   * @param of whose state is wanted
   * @param wanted whether a snapshot that says this of itself will do
   * @return what was found; empty if nothing was in time, or the search was stopped
   */
  Optional<Found> find(
      Collection<ServerId> among,
      HardState own,
      Cluster of,
      Predicate<SnapshotHeader> wanted,
      Duration patience)
      throws IOException, InterruptedException {
    Envelope.Header header =
        new Envelope.Header(
            of.id(),
            of.lineage(),
            // Compared before a cluster's birth only.
            "",
            config.id(),
            directory.diskId(),
            own.incarnation(),
            own.view().ballot());
    long start = System.nanoTime();
    do {
      for (ServerId peer : among) {
        Optional<Found> found = ask(peer, header, wanted);
        if (found.isPresent()) {
          return found;
        }
      }
    } while (!stopped.await(pauseMillis, TimeUnit.MILLISECONDS)
        && System.nanoTime() - start < patience.toNanos());
    return Optional.empty();
  }

  private Optional<Found> ask(
      ServerId peer, Envelope.Header header, Predicate<SnapshotHeader> wanted) throws IOException {
    Path file = directory.temporaryFile();
    boolean kept = false;
    boolean inVain = false;
    try {
      Cluster cluster =
          SnapshotFetch.fetch(
              peer,
              config.cluster().of(peer).peer().unresolved(),
              security,
              header,
              DEADLINE,
              file);
      SnapshotHeader found = Snapshots.verify(file);
      kept = wanted.test(found);
      inVain = !kept;
      if (kept) {
        logger.info("server {} gave a snapshot up to {}", peer, found.position());
        return Optional.of(new Found(file, found, cluster));
      }
      tell(peer, "its snapshot reaches only to " + found.position());
    } catch (IOException e) {
      // What the peer says, or that it is not there, is cheap.
      inVain = !(e.getCause() instanceof StatusRuntimeException);
      tell(peer, String.valueOf(e.getMessage()));
    } finally {
      if (!kept) {
        Files.deleteIfExists(file);
      }
    }
    if (inVain) {
      // It wrote all of its state for this server, which could not use it: had no room for it,
      // perhaps. Asked twice a second, that is all it would do.
      pauseMillis = Math.min(2 * pauseMillis, PAUSE_MILLIS_MAX);
    }
    return Optional.empty();
  }

  /** Each reason once, not at every attempt. */
  private void tell(ServerId peer, String refusal) {
    if (!refusal.equals(refusals.put(peer, refusal))) {
      logger.info("asked server {} for a snapshot: {}", peer, refusal);
    }
  }
}
