package chat.server;

import chat.server.replication.ServerId;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The command line of one server. */
@Command(
    name = "run/server",
    description = "One server of the replicated chat service. On one machine its number is enough.",
    sortOptions = false,
    mixinStandardHelpOptions = true,
    versionProvider = ServerCommand.Version.class)
final class ServerCommand implements Callable<Integer> {
  @Parameters(
      index = "0",
      paramLabel = "N",
      description = "The number of this server in its cluster, from 1 on.")
  private int number;

  @Option(
      names = "--cluster",
      paramLabel = "1=HOST:PORT:PEERPORT:LIFEPORT,2=...",
      description = "Where every server is found. Kept in the data directory.")
  private @Nullable String cluster;

  @Option(
      names = "--size",
      paramLabel = "COUNT",
      description = "So many servers on this machine instead of three. Kept.")
  private @Nullable Integer size;

  @Option(
      names = "--listen",
      paramLabel = "HOST:PORT",
      description = "Where this server listens for clients, if not at its own address. Kept.")
  private @Nullable String listen;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = "Where its data is. Default: data/server-N.")
  private @Nullable Path data;

  @Mixin private TlsFlags tls = new TlsFlags();

  @Option(
      names = "--insecure",
      description = "Allow addresses that other machines can reach, without encryption. Kept.")
  private boolean insecure;

  @Option(
      names = "--on-silence",
      paramLabel = "wait|assume-crashed",
      defaultValue = "wait",
      converter = OnSilence.Converter.class,
      description =
          "What a server that falls silent is taken for. assume-crashed gives up that there is"
              + " never more than one primary: only where no partition can happen, as on one host."
              + " Default: ${DEFAULT-VALUE}.")
  private OnSilence onSilence = OnSilence.WAIT;

  @Option(
      names = "--log-level",
      paramLabel = "LEVEL",
      defaultValue = "info",
      description = "error, warn, info, debug or trace. Default: ${DEFAULT-VALUE}.")
  private String logLevel = "info";

  @Option(
      names = "--text-bytes-max",
      paramLabel = "BYTES",
      defaultValue = "16384",
      description = "Longest message text. Default: ${DEFAULT-VALUE}.")
  private int textBytesMax;

  @Option(
      names = "--request-bytes-max",
      paramLabel = "BYTES",
      defaultValue = "65536",
      description = "Largest request. Default: ${DEFAULT-VALUE}.")
  private int requestBytesMax;

  @Option(
      names = "--inbox-max",
      paramLabel = "COUNT",
      defaultValue = "10000",
      description =
          "Undelivered messages of an account; the same at every server. Default:"
              + " ${DEFAULT-VALUE}.")
  private int inboxMax;

  @Option(
      names = "--page-size",
      paramLabel = "COUNT",
      defaultValue = "50",
      description = "Page size of requests that name none. Default: ${DEFAULT-VALUE}.")
  private int pageSize;

  @Option(
      names = "--page-size-max",
      paramLabel = "COUNT",
      defaultValue = "1000",
      description = "Largest page size. Default: ${DEFAULT-VALUE}.")
  private int pageSizeMax;

  @Option(
      names = "--password-memory-kib",
      paramLabel = "KIB",
      defaultValue = "19456",
      description = "Memory of one Argon2id hash. Default: ${DEFAULT-VALUE}.")
  private int passwordMemoryKib;

  @Option(
      names = "--password-iterations",
      paramLabel = "COUNT",
      defaultValue = "2",
      description = "Passes of one Argon2id hash. Default: ${DEFAULT-VALUE}.")
  private int passwordIterations;

  @Option(
      names = "--log-segment-bytes",
      paramLabel = "BYTES",
      defaultValue = "16777216",
      description = "Size of one file of the log. Default: ${DEFAULT-VALUE}.")
  private long logSegmentBytes;

  @Option(
      names = "--log-keep-bytes",
      paramLabel = "BYTES",
      defaultValue = "1073741824",
      description =
          "Entries that a server out of reach still lacks are kept until the log is larger than"
              + " this. Default: ${DEFAULT-VALUE}.")
  private long logKeepBytes;

  @Option(
      names = "--connections-max",
      paramLabel = "COUNT",
      defaultValue = "10000",
      description =
          "Connections of clients; fewer where the system lets a process open fewer files. One"
              + " address may have half of them. Default: ${DEFAULT-VALUE}.")
  private int connectionsMax;

  @Option(
      names = "--disk-reserve",
      paramLabel = "BYTES",
      defaultValue = "-1",
      description =
          "Where less than this is free, writes are refused (DISK_FULL) until there is more; 0 for"
              + " never. Default: a twentieth of the disk, but at most 1 GiB.")
  private long diskReserve;

  @Mixin private final ExposureFlags exposure = new ExposureFlags();

  /** Runs the server until it is told to stop; its exit code. */
  @Override
  public Integer call() throws IOException, InterruptedException {
    Logging.configure(logLevel);
    DataDirectory.Opened opened = open();
    ServerTls certificates = ServerTls.open(opened.config().tls());
    Incarnations servers = new Incarnations(opened.config(), opened.directory(), certificates);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(servers), "stop"));
    return servers.run();
  }

  /**
   * On SIGTERM. Java itself would answer it with exit code 143, however orderly the end: a process
   * that did all it was asked to do ends with 0.
   */
  private static void stop(Incarnations servers) {
    if (servers.stop()) {
      Runtime.getRuntime().halt(0);
    }
  }

  DataDirectory.Opened open() throws IOException {
    ServerId id = ClusterAddresses.id(Integer.toString(number));
    StartFlags flags =
        new StartFlags(
            id,
            cluster == null ? null : ClusterAddresses.parse(cluster),
            size,
            listen == null ? null : HostPort.parse(listen),
            tls.of(id),
            insecure,
            onSilence == OnSilence.ASSUME_CRASHED);
    ServerLimits limits =
        new ServerLimits(
            textBytesMax,
            requestBytesMax,
            inboxMax,
            pageSize,
            pageSizeMax,
            passwordMemoryKib,
            passwordIterations,
            logSegmentBytes,
            logKeepBytes,
            connectionsMax,
            diskReserve,
            exposure.streamsMax(),
            exposure.throttling(),
            exposure.calls());
    Path directory = data != null ? data : home().resolve("data").resolve("server-" + id);
    return DataDirectory.open(directory, flags, limits);
  }

  /** Where {@code data} is by default: set by the scripts, so that it is the same from anywhere. */
  static Path home() {
    return Path.of(System.getProperty("chat.home", "")).normalize();
  }

  /** The version that the build wrote into the jar. */
  static final class Version implements CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = ServerCommand.class.getPackage().getImplementationVersion();
      return new String[] {"chat " + (version == null ? "(development)" : version)};
    }
  }
}
