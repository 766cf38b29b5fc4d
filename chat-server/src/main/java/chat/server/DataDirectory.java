package chat.server;

import chat.server.replication.ServerId;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One server's directory, locked by this process until it exits, so that no second one writes to
 * it. Immutable.
 *
 * <pre>
 * server.properties   whose it is, addresses
 * lock                held by the running server
 * state               promises, views, incarnation
 * log/                the replicated log
 * db/                 the database made from it
 * base                the snapshot that the log begins after, where it does not begin at 1
 * next/, swap, old/   a replacement of some of these, built, decided, and what it leaves
 * tmp/                files on their way; emptied at start
 * aside-LINEAGE-N/    what this server held before an operator began another lineage; never read
 * </pre>
 */
final class DataDirectory {
  private static final Logger logger = LoggerFactory.getLogger(DataDirectory.class);

  static final String STATE = "state";
  static final String LOG = "log";
  static final String DATABASE = "db";
  static final String BASE = "base";
  private static final String TEMPORARY = "tmp";

  // A FileChannel that nothing refers to is closed by the garbage collector, and any closed channel
  // of a file releases the process's locks on it. So they are kept, whatever becomes of this.
  private static final Queue<FileLock> HELD_TO_PROCESS_EXIT = new ConcurrentLinkedQueue<>();

  private final Path path;
  private final StoredConfig config;

  private DataDirectory(Path path, StoredConfig config) {
    this.path = path;
    this.config = config;
  }

  /** A directory and the configuration that came out of it and the flags. */
  record Opened(DataDirectory directory, ServerConfig config) {}

  /**
   * Makes the directory if it is new, locks it, and brings the flags and what is stored together.
   * Flags win, and are stored.
   *
   * @throws UsageException if it is another server's, in use, or the flags do not fit it
   * @throws IOException if it cannot be made, read or written
   */
  static Opened open(Path path, StartFlags flags, ServerLimits limits) throws IOException {
    Files.createDirectories(path);
    lock(path);
    return merge(path, flags, limits);
  }

  /** {@link #open} for a directory that exists and is locked. */
  static Opened merge(Path path, StartFlags flags, ServerLimits limits) throws IOException {
    Optional<StoredConfig> found = StoredConfig.read(path);
    StoredConfig stored = found.isPresent() ? found.get() : fresh(path, flags);
    String diskId = hasForgotten(path) ? UUID.randomUUID().toString() : stored.diskId();
    if (!stored.id().equals(flags.id())) {
      throw new UsageException(
          path
              + " is the data directory of server "
              + stored.id()
              + ", not of server "
              + flags.id()
              + ": give --data another directory.");
    }
    ClusterAddresses cluster = servers(path, stored, flags);
    HostPort listen = flags.listen() != null ? flags.listen() : stored.listen();
    @Nullable TlsConfig named = flags.tls();
    TlsConfig tls = named != null ? named.orElse(keptBy(named, stored.tls())) : stored.tls();
    boolean insecure = flags.insecure() || stored.insecure();
    ServerConfig config =
        new ServerConfig(
            flags.id(),
            cluster,
            listen != null ? listen : addressOf(cluster, flags.id()),
            tls,
            limits,
            flags.assumeCrashed());
    requireEncryption(config, insecure);
    StoredConfig next = new StoredConfig(flags.id(), diskId, cluster, listen, tls, insecure);
    // By the text: equals of so many records takes a tenth of a second when it is first called.
    if (found.isEmpty() || !next.text().equals(stored.text())) {
      next.write(path);
    }
    return new Opened(new DataDirectory(path, next), config);
  }

  /**
   * Whether nothing that a server has ever promised or acknowledged is here: its configuration
   * alone, brought to a new disk perhaps, must not pass for the disk that it was on (R1).
   */
  private static boolean hasForgotten(Path path) {
    return Stream.of(STATE, LOG, DATABASE, BASE).noneMatch(part -> Files.exists(path.resolve(part)))
        && !new DataSwap(path).isDecided();
  }

  // An id that is not among the servers is refused with ServerConfig's own sentence.
  private static HostPort addressOf(ClusterAddresses cluster, ServerId id) {
    MemberAddress member = cluster.members().get(id);
    return member != null ? member.client() : cluster.members().values().iterator().next().client();
  }

  private static StoredConfig fresh(Path path, StartFlags flags) {
    for (String part : new String[] {STATE, LOG, DATABASE}) {
      if (Files.exists(path.resolve(part))) {
        throw new UsageException(
            path
                + " holds a server's data but no "
                + StoredConfig.FILE
                + ": restore that file, or give --data another directory.");
      }
    }
    @Nullable ClusterAddresses named = flags.named();
    return new StoredConfig(
        flags.id(),
        UUID.randomUUID().toString(),
        named != null ? named : ClusterAddresses.local(3, ClusterAddresses.BASE_PORT),
        null,
        TlsConfig.NONE,
        false);
  }

  // --no-tls names nothing, and means it.
  private static TlsConfig keptBy(TlsConfig named, TlsConfig stored) {
    return named.equals(TlsConfig.NONE) ? TlsConfig.NONE : stored;
  }

  private static ClusterAddresses servers(Path path, StoredConfig stored, StartFlags flags) {
    @Nullable ClusterAddresses named = flags.named();
    if (named == null) {
      return stored.cluster();
    }
    if (!named.members().keySet().equals(stored.cluster().members().keySet())) {
      throw new UsageException(
          path
              + " belongs to a cluster of the servers "
              + stored.cluster().ids()
              + ", but the flags name "
              + named.ids()
              + ": name the same servers, or give --data another directory.");
    }
    return named;
  }

  private static void requireEncryption(ServerConfig config, boolean insecure) {
    HostPort open = config.exposed();
    if (open == null) {
      return;
    }
    if (!insecure) {
      throw new UsageException(
          "Others can reach "
              + open
              + " and what goes there is not encrypted: give certificates with --tls"
              + " (run/make-certs makes them), or add --insecure if everybody on that network may"
              + " read and command everything.");
    }
    logger.warn(
        "--insecure: what goes to {} is not encrypted; passwords and messages can be read on the"
            + " way, and whoever reaches the servers' own ports can command them",
        open);
  }

  /**
   * Returns if no process uses the directory; it stays locked by this one.
   *
   * @throws UsageException if one does
   */
  static void requireUnused(Path path) throws IOException {
    lock(path);
  }

  private static void lock(Path path) throws IOException {
    FileChannel channel =
        FileChannel.open(path.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    FileLock lock;
    try {
      lock = channel.tryLock();
    } catch (OverlappingFileLockException e) {
      // The channel stays open: closing it would release the lock that this process has.
      throw inUse(path, e);
    }
    if (lock == null) {
      channel.close();
      throw inUse(path, null);
    }
    HELD_TO_PROCESS_EXIT.add(lock);
  }

  private static UsageException inUse(Path path, @Nullable Exception cause) {
    String sentence =
        path + " is in use by a running server: stop that one, or give --data another directory.";
    return cause == null ? new UsageException(sentence) : new UsageException(sentence, cause);
  }

  public Path path() {
    return path;
  }

  /** The id that was made with the directory, or when all that it held was gone (R1). */
  public String diskId() {
    return config.diskId();
  }

  /** Where the servers are from now on, for the next start. */
  void keep(ClusterAddresses cluster) throws IOException {
    new StoredConfig(
            config.id(), config.diskId(), cluster, config.listen(), config.tls(), config.insecure())
        .write(path);
  }

  /**
   * Returns if there is nothing here that a start leaves: to be asked where there is no hard state,
   * which is the first that a start writes. A server that has forgotten what it promised, and how
   * often it has started, must not go on as one that never has (R1).
   *
   * @throws UsageException if there is
   */
  void requireNeverStarted() {
    for (String part : new String[] {LOG, DATABASE, BASE}) {
      if (Files.exists(path.resolve(part))) {
        throw new UsageException(
            path
                + " holds '"
                + part
                + "' but no '"
                + STATE
                + "': restore that file, or keep a copy of the directory and start the server with"
                + " an empty one, so that it learns everything from its peers.");
      }
    }
  }

  /**
   * Returns if there is a log: to be asked where the hard state names a view, since a log is made
   * before any view is heard of. An empty one in its place would pass for all that this server has
   * ever acknowledged, and alone it would serve with it.
   *
   * @throws UsageException if there is none
   */
  void requireLog() throws IOException {
    Path log = path.resolve(LOG);
    if (Files.isDirectory(log)) {
      try (Stream<Path> files = Files.list(log)) {
        if (files.findAny().isPresent()) {
          return;
        }
      }
    }
    throw new UsageException(
        path
            + " holds '"
            + STATE
            + "' but nothing in '"
            + LOG
            + "': bring the log back, or keep a copy of the directory and start the server with an"
            + " empty one, so that it learns everything from its peers.");
  }

  /** The file of the hard state; it may not exist yet. */
  public Path stateFile() {
    return path.resolve(STATE);
  }

  /** The directory of the log, made if it is new. */
  public Path logDirectory() throws IOException {
    return Files.createDirectories(path.resolve(LOG));
  }

  /** The directory of the database, made if it is new. */
  public Path databaseDirectory() throws IOException {
    return Files.createDirectories(path.resolve(DATABASE));
  }

  /** The snapshot that the log begins after; it may not exist. */
  Path baseFile() {
    return path.resolve(BASE);
  }

  /** Replaces parts of this directory. */
  DataSwap swap() {
    return new DataSwap(path);
  }

  /** A name for a file that does not outlive this start; whoever writes it deletes it. */
  Path temporaryFile() throws IOException {
    return Files.createDirectories(path.resolve(TEMPORARY)).resolve(UUID.randomUUID().toString());
  }

  /** Deletes what an earlier start left half done. To be called before anything opens. */
  void tidy() throws IOException {
    Path temporary = path.resolve(TEMPORARY);
    if (Files.isDirectory(temporary)) {
      try (Stream<Path> files = Files.list(temporary)) {
        for (Path file : files.toList()) {
          // The server that ran before in this process may be deleting the last of its own.
          Files.deleteIfExists(file);
        }
      }
    }
    swap().finish();
  }
}
