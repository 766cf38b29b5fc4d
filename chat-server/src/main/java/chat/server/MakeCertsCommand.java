package chat.server;

import chat.server.replication.ServerId;
import chat.server.transport.CertificateAuthority;
import chat.server.transport.CertificateAuthority.Issued;
import chat.server.transport.CertificateAuthority.Use;
import chat.server.transport.PeerName;
import chat.server.transport.TlsFiles;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Makes the certificates of a cluster, for tests, first steps and small installations. */
@Command(
    name = "run/make-certs",
    description = {
      "Certificates of a cluster, in a directory that --tls takes.",
      "Run again, it keeps the authorities and makes the rest anew; servers that run take it over"
          + " within seconds. Give each machine only its own files, and no ca.key or peer-ca.key:"
          + " who has those can be any server."
    },
    sortOptions = false,
    mixinStandardHelpOptions = true,
    versionProvider = ServerCommand.Version.class)
public final class MakeCertsCommand implements Callable<Integer> {
  private final PrintWriter out;

  @Parameters(paramLabel = "DIR", description = "Made if it is new.")
  private Path directory = Path.of("");

  @Option(
      names = "--servers",
      paramLabel = "COUNT",
      defaultValue = "3",
      description = "For servers 1 to COUNT. Default: ${DEFAULT-VALUE}.")
  private int servers;

  @Option(
      names = "--hosts",
      paramLabel = "HOST,...",
      split = ",",
      description =
          "Names and IP addresses by which clients reach the servers, besides localhost; each"
              + " server's certificate bears all of them.")
  private @Nullable List<String> hosts;

  @Option(
      names = "--days",
      paramLabel = "COUNT",
      defaultValue = "825",
      description =
          "How long they are good; the authorities, ten years. Default: ${DEFAULT-VALUE}.")
  private int days;

  MakeCertsCommand(PrintWriter out) {
    this.out = out;
  }

  public static void main(String[] args) {
    PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
    System.exit(
        Main.run(
            new MakeCertsCommand(out),
            args,
            new PrintWriter(System.err, true, StandardCharsets.UTF_8)));
  }

  @Override
  public Integer call() throws IOException, GeneralSecurityException {
    if (servers < 1 || servers > 255 || days < 1) {
      throw new UsageException("--servers is from 1 to 255, and --days at least 1.");
    }
    make(directory, servers, hosts == null ? List.of() : hosts, Duration.ofDays(days));
    out.println("For clients:    " + directory.resolve(TlsConfig.CLIENT_AUTHORITY));
    out.println("For server N:   server-N.pem and .key, peer-N.pem and .key, peer-ca.pem");
    out.println("For operators:  operator.pem and .key, peer-ca.pem");
    out.println("To be locked away: ca.key, peer-ca.key");
    out.println();
    out.println("Try them:");
    out.println("  run/cluster --tls " + directory);
    out.println("  run/client --tls-ca " + directory.resolve(TlsConfig.CLIENT_AUTHORITY));
    out.println("  run/admin --tls " + directory + " status");
    return 0;
  }

  /** Makes everything but authorities that are there already. */
  static void make(Path directory, int servers, List<String> hosts, Duration validity)
      throws IOException, GeneralSecurityException {
    Files.createDirectories(directory);
    // Two: whoever vouches for names that clients see, a public authority at best, has no say in
    // who
    // belongs to the cluster.
    CertificateAuthority forClients = authority(directory, "ca", "chat servers");
    CertificateAuthority forPeers = authority(directory, "peer-ca", "chat cluster");
    List<String> names = new ArrayList<>(List.of("localhost", "127.0.0.1", "::1"));
    names.addAll(hosts);
    for (int number = 1; number <= servers; number++) {
      ServerId id = new ServerId(number);
      write(TlsConfig.ofClients(directory, id), forClients.issue(names, Use.SERVER, validity));
      write(
          TlsConfig.ofPeer(directory, id),
          forPeers.issue(List.of(PeerName.of(id)), Use.BOTH, validity));
    }
    write(
        TlsConfig.ofOperator(directory),
        forPeers.issue(List.of(PeerName.OPERATOR), Use.CLIENT, validity));
  }

  private static CertificateAuthority authority(Path directory, String file, String name)
      throws IOException, GeneralSecurityException {
    Path certificate = directory.resolve(file + ".pem");
    Path key = directory.resolve(file + ".key");
    if (Files.exists(certificate) && Files.exists(key)) {
      return CertificateAuthority.read(certificate, key);
    }
    CertificateAuthority made = CertificateAuthority.create(name);
    made.own().write(certificate, key);
    return made;
  }

  private static void write(TlsFiles files, Issued issued)
      throws IOException, GeneralSecurityException {
    issued.write(files.certificate(), files.key());
  }
}
