package chat.server;

import chat.server.admin.AdminOperations;
import chat.server.admin.AdminStatus;
import chat.server.admin.RefusedCommandException;
import chat.server.replication.Change;
import chat.server.replication.Cluster;
import chat.server.replication.Epoch;
import chat.server.replication.HardState;
import chat.server.replication.LogPosition;
import chat.server.replication.ServerId;
import chat.server.replication.Status;
import chat.server.replication.View;
import chat.server.runtime.ChangeRefusedException;
import chat.server.runtime.ReplicaLoop;
import chat.server.storage.H2ChatState;
import chat.server.storage.SnapshotHeader;
import chat.server.storage.Snapshots;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What operators command, at one running server. Thread-safe. */
final class ServerAdmin implements AdminOperations {
  private static final Logger logger = LoggerFactory.getLogger(ServerAdmin.class);
  private static final long CHANGE_SECONDS = 30;
  private static final int APPLY_BYTES = 1 << 20;

  private final ServerConfig config;
  private final DataDirectory directory;
  private final Recovery disk;
  private final ReplicaLoop loop;
  private final AddressBook addresses;
  private final ServerSnapshots snapshots;
  private final LongSupplier appliedIndex;
  private final Runnable stopServing;
  private final Runnable standStill;
  private final BooleanSupplier ends;
  private final Consumer<End> end;
  // Written under this object's monitor.
  private volatile boolean ending;

  /**
   * @param stopServing has clients refused from now on, and nothing else
   * @param standStill ends this server's part in everything, without a word to the others; returns
   *     when nobody writes to the log, the hard state or the database any more
   * @param ends whether there is a reason to end the run already
   * @param end ends the run
   */
  ServerAdmin(
      ServerConfig config,
      DataDirectory directory,
      Recovery disk,
      ReplicaLoop loop,
      AddressBook addresses,
      ServerSnapshots snapshots,
      LongSupplier appliedIndex,
      Runnable stopServing,
      Runnable standStill,
      BooleanSupplier ends,
      Consumer<End> end) {
    this.config = config;
    this.directory = directory;
    this.disk = disk;
    this.loop = loop;
    this.addresses = addresses;
    this.snapshots = snapshots;
    this.appliedIndex = appliedIndex;
    this.stopServing = stopServing;
    this.standStill = standStill;
    this.ends = ends;
    this.end = end;
  }

  @Override
  public AdminStatus status() {
    Status status = loop.status();
    View view = status == null ? disk.hardState().view() : status.view();
    return new AdminStatus(
        config.id(),
        directory.diskId(),
        disk.hardState().incarnation().value(),
        view.cluster().id(),
        view.cluster().lineage(),
        view.ballot().number(),
        List.copyOf(view.members().keySet()),
        status == null ? Optional.empty() : Optional.ofNullable(status.primary()),
        status != null && status.serving(),
        status != null && isMember(status),
        disk.log().last(),
        appliedIndex.getAsLong(),
        status == null ? List.of() : status.waitingFor(),
        status == null ? "This server is starting." : ClusterView.of(status, addresses).summary());
  }

  private static boolean isMember(Status status) {
    return status.role() == Status.Role.PRIMARY || status.role() == Status.Role.BACKUP;
  }

  @Override
  public synchronized NewLineage forceLineage(long expectedLineage)
      throws RefusedCommandException, IOException {
    Status status = running();
    Cluster cluster = status.view().cluster();
    if (!cluster.isBorn()) {
      throw new RefusedCommandException(
          "This server belongs to no cluster yet, so it has nothing to go on with: start all"
              + " servers, or force at one that has been in use.");
    }
    if (cluster.lineage() != expectedLineage) {
      throw new RefusedCommandException(
          "This server is in lineage "
              + cluster.lineage()
              + ", not "
              + expectedLineage
              + ": look at the status again.");
    }
    if (status.primary() != null) {
      throw new RefusedCommandException(
          "Server " + status.primary() + " is primary: there is nothing to force.");
    }
    if (status.waitingFor().isEmpty()) {
      throw new RefusedCommandException(
          "A primary is being chosen at the moment: try again if nobody serves in ten seconds.");
    }
    String with = "what its disk held";
    begins(with);
    standStill.run();
    try {
      Path snapshot = allOfThisDisk();
      try {
        Next next = next(status.view().ballot(), Snapshots.readHeader(snapshot));
        NextData data = new NextData(directory);
        data.changeLineage(snapshot, next.start(), next.alone(), cluster.lineage());
        return begun(next, with);
      } finally {
        Files.deleteIfExists(snapshot);
      }
    } finally {
      // With the new data if all went well, else with the old as if nothing had been.
      end.accept(new End.Restart());
    }
  }

  private Path allOfThisDisk() throws IOException {
    H2ChatState state = disk.state();
    // If the new lineage cannot be built, this server goes on in the old one, where nothing may be
    // applied that is not committed (R18).
    state.closeAsACrash();
    snapshots.beginLineage();
    LogPosition last = disk.log().last();
    while (state.position().index() < last.index()) {
      // What this disk has counts as committed from now on.
      var unused =
          state.apply(disk.log().read(state.position().index(), last.index(), APPLY_BYTES));
    }
    return snapshots.ofAll();
  }

  @Override
  public synchronized NewLineage restore(Path file) throws RefusedCommandException, IOException {
    Status status = running();
    if (!status.serving()) {
      throw new RefusedCommandException(
          "This server is not primary: restore at the primary of an empty cluster.");
    }
    SnapshotHeader header = Snapshots.verify(file);
    requireEmpty();
    String with =
        "a backup of lineage " + header.lineage() + " up to entry " + header.position().index();
    begins(with);
    try {
      // It goes on as primary meanwhile, without clients. Were it silent for so long, the others
      // would serve without it, and whatever they accepted would keep them in the old lineage.
      stopServing.run();
      Next next = next(status.view().ballot(), header);
      NextData data = new NextData(directory);
      data.buildLineage(file, next.start(), next.alone());
      standStill.run();
      requireAsItWas(next.old());
      // Again, now that nobody can make one.
      requireEmpty();
      data.decideLineage(next.old().view().cluster().lineage());
      return begun(next, with);
    } finally {
      // With the new data if all went well, else with the old as if nothing had been.
      end.accept(new End.Restart());
    }
  }

  private void requireEmpty() throws RefusedCommandException {
    if (!disk.state().isEmpty()) {
      throw new RefusedCommandException(
          "Accounts were made here: a backup is restored into an empty cluster only. Start one with"
              + " new data directories.");
    }
  }

  /** What was built follows the view that there was, and this server's word still counts. */
  private void requireAsItWas(HardState old) throws RefusedCommandException, IOException {
    if (ends.getAsBoolean() || !hardState().equals(old)) {
      throw new RefusedCommandException(
          "The view changed meanwhile, and nothing was restored: look at the status and restore"
              + " again.");
    }
  }

  /** What a new lineage begins with, and the state that it follows. */
  private record Next(HardState old, HardState alone, LogPosition start) {}

  private Next next(Epoch seen, SnapshotHeader snapshot) throws IOException {
    HardState old = hardState();
    LogPosition last = disk.log().last();
    HardState alone = LineageChange.alone(old, seen, last, config.id());
    long index = Math.max(last.index(), snapshot.position().index());
    return new Next(old, alone, LineageChange.start(index, alone, last.hash()));
  }

  private HardState hardState() throws IOException {
    return disk.hardStates()
        .load()
        .orElseThrow(() -> new IOException("the hard state is gone from the disk"));
  }

  private void begins(String with) {
    logger.warn("an operator begins a new lineage with {}", with);
    ending = true;
  }

  private NewLineage begun(Next next, String with) {
    long lineage = next.alone().view().cluster().lineage();
    return new NewLineage(
        lineage,
        "Server "
            + config.id()
            + " serves alone in lineage "
            + lineage
            + ", with "
            + with
            + ". Servers that come back with their old disks set them aside and join; for a new"
            + " disk, say 'run/admin replace N'.");
  }

  /** Waits until no command that begins a lineage is under way. */
  synchronized void awaitQuiet() {
    ending = true;
  }

  private Status running() throws RefusedCommandException {
    Status status = loop.status();
    if (ending || status == null) {
      throw new RefusedCommandException("This server is starting: try again in a moment.");
    }
    return status;
  }

  @Override
  public String confirmCrashed(ServerId server) throws RefusedCommandException {
    await(loop.confirmCrashed(server));
    return "It goes on without server " + server + " as soon as it may.";
  }

  @Override
  public String replaceServer(ServerId server) throws RefusedCommandException {
    if (!running().view().cluster().disks().containsKey(server)) {
      throw new RefusedCommandException(
          "Server " + server + " does not belong to the cluster: add it with 'add-server'.");
    }
    return admit(server);
  }

  @Override
  public String addServer(ServerId server) throws RefusedCommandException {
    if (running().view().cluster().disks().containsKey(server)) {
      throw new RefusedCommandException(
          "Server "
              + server
              + " belongs to the cluster already: where it comes with a new disk, say 'replace'.");
    }
    return admit(server);
  }

  private String admit(ServerId server) throws RefusedCommandException {
    await(loop.change(new Change.Admit(server)));
    return "Server "
        + server
        + " belongs to the cluster with the disk it has now. It learns, and counts when it has"
        + " everything.";
  }

  @Override
  public String removeServer(ServerId server) throws RefusedCommandException {
    await(loop.change(new Change.Remove(server)));
    return "Server " + server + " does not belong to the cluster any more.";
  }

  @Override
  public String handOver(Optional<ServerId> server) throws RefusedCommandException {
    ServerId heir =
        server.isPresent() ? server.get() : PlannedHandOver.heir(running(), config.id());
    if (heir == null) {
      throw new RefusedCommandException("No backup has everything yet: nobody can take over.");
    }
    await(loop.change(new Change.HandOver(heir)));
    return "Server " + heir + " is primary.";
  }

  /** Waits for what the replica says of a command. */
  private static void await(CompletableFuture<Void> made) throws RefusedCommandException {
    try {
      made.get(CHANGE_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof ChangeRefusedException refused) {
        throw new RefusedCommandException(sentence(String.valueOf(refused.getMessage())), e);
      }
      throw new IllegalStateException("the replica failed at a command", e);
    } catch (TimeoutException e) {
      throw new RefusedCommandException(
          "It is not done after " + CHANGE_SECONDS + " s and may still be: look at the status.", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new RefusedCommandException("This server is stopping.", e);
    }
  }

  private static String sentence(String text) {
    return text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1) + ".";
  }

  @Override
  public Path backup() throws RefusedCommandException, IOException {
    Status status = loop.status();
    if (status == null || !isMember(status) || status.primary() == null) {
      throw new RefusedCommandException(
          "This server neither serves nor backs up at the moment: ask another, or wait.");
    }
    return snapshots.snapshot();
  }

  @Override
  public Path newFile() throws IOException {
    return directory.temporaryFile();
  }
}
