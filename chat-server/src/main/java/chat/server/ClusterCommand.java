package chat.server;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The command line that runs a whole cluster on this machine. */
@Command(
    name = "run/cluster",
    description = "All servers of a cluster on this machine, until Ctrl-C.",
    sortOptions = false,
    mixinStandardHelpOptions = true,
    versionProvider = ServerCommand.Version.class)
public final class ClusterCommand implements Callable<Integer> {
  @Option(
      names = "--size",
      paramLabel = "COUNT",
      description = "So many servers, 1 to 7. Default: what the data says, else 3.")
  private @Nullable Integer size;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = "Where the servers' directories are. Default: data.")
  private @Nullable Path data;

  @Option(
      names = "--base-port",
      paramLabel = "PORT",
      description =
          "Server N listens at PORT+N, PORT+10+N and PORT+20+N. Default: what the data says, else"
              + " 7400.")
  private @Nullable Integer basePort;

  @Option(
      names = "--tls",
      paramLabel = "DIR",
      description = "Encrypt everything with what run/make-certs wrote into DIR.")
  private @Nullable Path tls;

  @Option(names = "--fresh", description = "Delete the servers' data first.")
  private boolean fresh;

  @Option(
      names = "--java-options",
      paramLabel = "FILE",
      hidden = true,
      description = "Options of the servers' virtual machines, as for java @FILE.")
  private @Nullable Path javaOptions;

  private ClusterCommand() {}

  public static void main(String[] args) {
    System.exit(
        Main.run(
            new ClusterCommand(), args, new PrintWriter(System.err, true, StandardCharsets.UTF_8)));
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    Logging.configure("warn");
    Path directory = data != null ? data : ServerCommand.home().resolve("data");
    if (fresh) {
      deleteServers(directory);
    }
    List<String> options = javaOptions == null ? List.of() : List.of("@" + javaOptions);
    ClusterLauncher launcher =
        new ClusterLauncher(
            addresses(directory),
            directory,
            tls,
            options,
            new PrintWriter(System.out, true, StandardCharsets.UTF_8));
    Runtime.getRuntime().addShutdownHook(new Thread(launcher::stop, "stop"));
    return launcher.run();
  }

  private ClusterAddresses addresses(Path directory) throws IOException {
    Optional<StoredConfig> stored = StoredConfig.read(directory.resolve("server-1"));
    if (size == null && basePort == null && stored.isPresent()) {
      return stored.get().cluster();
    }
    int count =
        size != null ? size : stored.map(found -> found.cluster().members().size()).orElse(3);
    return ClusterAddresses.local(count, basePort != null ? basePort : ClusterAddresses.BASE_PORT);
  }

  // Only what is a server's directory, and only when nobody uses any of them.
  static void deleteServers(Path data) throws IOException {
    if (!Files.isDirectory(data)) {
      return;
    }
    List<Path> servers = new ArrayList<>();
    try (DirectoryStream<Path> found = Files.newDirectoryStream(data, "server-*")) {
      found.forEach(servers::add);
    }
    for (Path server : servers) {
      DataDirectory.requireUnused(server);
    }
    for (Path server : servers) {
      try (Stream<Path> tree = Files.walk(server)) {
        for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(path);
        }
      }
    }
  }
}
