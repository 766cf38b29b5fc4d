package chat.server;

import chat.admin.v1.AddServerRequest;
import chat.admin.v1.ConfirmCrashedRequest;
import chat.admin.v1.HandOverRequest;
import chat.admin.v1.RemoveServerRequest;
import chat.admin.v1.ReplaceServerRequest;
import chat.server.AdminClient.Seen;
import chat.server.transport.TlsFiles;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The operators' command line: finds the server that a command is for, explains, asks, does it. */
@Command(
    name = "run/admin",
    description = "What operators command. Each command says what it will do before it does it.",
    sortOptions = false,
    mixinStandardHelpOptions = true,
    versionProvider = ServerCommand.Version.class,
    synopsisSubcommandLabel = "COMMAND",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:Done.",
      "1:A server refused it or failed at it; the sentence says why.",
      "2:The command line cannot work, or nobody could be asked and --yes was not given.",
      "3:The answer was not yes: nothing was done.",
      "4:No server answers that could do it."
    })
public final class AdminCommand implements Runnable {
  private static final String YES = "Do not ask.";

  private final PrintWriter out;
  private final Confirmation confirmation;

  @Option(
      names = "--servers",
      paramLabel = "HOST:PEERPORT,...",
      description = "Where the servers reach each other. Default: three on this machine.")
  private @Nullable String servers;

  @Option(
      names = "--tls",
      paramLabel = "DIR",
      description =
          "Where peer-ca.pem, operator.pem and operator.key are, as run/make-certs writes them;"
              + " else CHAT_ADMIN_TLS.")
  private @Nullable Path tls;

  AdminCommand(PrintWriter out, Confirmation confirmation) {
    this.out = out;
    this.confirmation = confirmation;
  }

  public static void main(String[] args) {
    Logging.configure("error");
    PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
    System.exit(
        Main.run(
            new AdminCommand(out, new Confirmation(out, System.console())),
            args,
            new PrintWriter(System.err, true, StandardCharsets.UTF_8)));
  }

  @Override
  public void run() {
    throw new UsageException("Name a command. Try 'run/admin --help'.");
  }

  /** What a command does with the servers. */
  private interface Work {
    void with(AdminClient client) throws IOException, InterruptedException;
  }

  private int connected(Work work) throws IOException, InterruptedException {
    try (AdminClient client =
        new AdminClient(addresses(), ClientSideTls.toPeerPorts(certificates()))) {
      work.with(client);
      return 0;
    }
  }

  private @Nullable TlsFiles certificates() {
    String named = System.getenv("CHAT_ADMIN_TLS");
    if (tls != null) {
      return TlsConfig.ofOperator(tls);
    }
    return named == null || named.isEmpty() ? null : TlsConfig.ofOperator(Path.of(named));
  }

  private List<HostPort> addresses() {
    List<HostPort> addresses = new ArrayList<>();
    if (servers == null) {
      ClusterAddresses.local(3, ClusterAddresses.BASE_PORT)
          .members()
          .values()
          .forEach(member -> addresses.add(member.peer()));
    } else {
      for (String address : servers.split(",", -1)) {
        addresses.add(HostPort.parse(address.strip()));
      }
    }
    return addresses;
  }

  @Command(name = "status", description = "Who is what, as each server that answers sees itself.")
  int status() throws IOException, InterruptedException {
    return connected(client -> new StatusTable(out).print(client.servers()));
  }

  @Command(
      name = "force-lineage",
      description =
          "Where a server waits for others whose disks are gone: go on with what its disk holds.")
  int forceLineage(
      @Option(
              names = "--at",
              paramLabel = "N",
              description = "The server to go on with. Default: the one with the newest log.")
          @Nullable Integer at,
      @Option(names = "--yes", description = YES) boolean yes)
      throws IOException, InterruptedException {
    return connected(
        client -> new LineageCommands(client, out, confirmation).force(at == null ? 0 : at, yes));
  }

  @Command(
      name = "confirm-crashed",
      description = "Your word that a server which is silent does not run any more.")
  int confirmCrashed(
      @Parameters(paramLabel = "N") int id, @Option(names = "--yes", description = YES) boolean yes)
      throws IOException, InterruptedException {
    return connected(client -> confirmCrashed(client, id, yes));
  }

  private void confirmCrashed(AdminClient client, int id, boolean yes) {
    List<Seen> all = client.servers();
    if (all.stream().anyMatch(server -> server.id() == id)) {
      throw new CommandFailure(
          CommandFailure.FAILED, "Server " + id + " answers: it runs, and nothing was done.");
    }
    confirmation.require(
        yes,
        "The others will go on without server "
            + id
            + ", as if its crash were proven.\nIf it does run, cut off from here, both sides may"
            + " serve, and what one of them accepts is lost.\nBe sure that its process or its"
            + " machine is down.");
    List<CommandFailure> refusals = new ArrayList<>();
    for (Seen server : all) {
      try {
        out.println(
            "Server "
                + server.id()
                + ": "
                + client
                    .call(
                        server,
                        stub ->
                            stub.confirmCrashed(
                                ConfirmCrashedRequest.newBuilder().setServerId(id).build()))
                    .getMessage());
      } catch (CommandFailure e) {
        refusals.add(e);
      }
    }
    if (refusals.size() == all.size()) {
      throw refusals.get(0);
    }
    refusals.forEach(refusal -> out.println(refusal.getMessage()));
  }

  @Command(name = "replace", description = "A server comes back with another disk.")
  int replace(
      @Parameters(paramLabel = "N") int id, @Option(names = "--yes", description = YES) boolean yes)
      throws IOException, InterruptedException {
    return connected(
        client -> {
          Seen primary = client.primary();
          confirmation.require(
              yes,
              "Server "
                  + id
                  + " will be let in with the disk that it runs on now, which learns everything"
                  + " from the others.\n"
                  + "The disk that it had before never counts again.");
          out.println(
              client
                  .call(
                      primary,
                      stub ->
                          stub.replaceServer(
                              ReplaceServerRequest.newBuilder().setServerId(id).build()))
                  .getMessage());
        });
  }

  @Command(name = "add-server", description = "One more server belongs to the cluster.")
  int addServer(
      @Parameters(paramLabel = "N") int id, @Option(names = "--yes", description = YES) boolean yes)
      throws IOException, InterruptedException {
    return connected(
        client -> {
          Seen primary = client.primary();
          confirmation.require(
              yes,
              "Server "
                  + id
                  + " will belong to the cluster, with whichever disk it shows first.\nEvery"
                  + " message is then on one more disk before it is accepted.");
          out.println(
              client
                  .call(
                      primary,
                      stub -> stub.addServer(AddServerRequest.newBuilder().setServerId(id).build()))
                  .getMessage());
        });
  }

  @Command(name = "remove-server", description = "A server no longer belongs to the cluster.")
  int removeServer(
      @Parameters(paramLabel = "N") int id, @Option(names = "--yes", description = YES) boolean yes)
      throws IOException, InterruptedException {
    return connected(
        client -> {
          Seen primary = client.primary();
          confirmation.require(
              yes,
              "Server "
                  + id
                  + " will no longer belong to the cluster: one server fewer may crash.\nIts disk"
                  + " never counts again.");
          out.println(
              client
                  .call(
                      primary,
                      stub ->
                          stub.removeServer(
                              RemoveServerRequest.newBuilder().setServerId(id).build()))
                  .getMessage());
        });
  }

  @Command(name = "hand-over", description = "Another server becomes primary, in order.")
  int handOver(
      @Parameters(paramLabel = "N", arity = "0..1") @Nullable Integer id,
      @Option(names = "--yes", description = YES) boolean yes)
      throws IOException, InterruptedException {
    return connected(
        client -> {
          Seen primary = client.primary();
          confirmation.require(
              yes,
              (id == null ? "Another server" : "Server " + id)
                  + " will be primary instead of server "
                  + primary.id()
                  + "; writes pause for a moment, nothing is lost.");
          out.println(
              client
                  .call(
                      primary,
                      stub ->
                          stub.handOver(
                              HandOverRequest.newBuilder()
                                  .setServerId(id == null ? 0 : id)
                                  .build()))
                  .getMessage());
        });
  }

  @Command(
      name = "backup",
      description = "Everything as of one moment into a file, while the servers go on.")
  int backup(@Parameters(paramLabel = "FILE") Path file) throws IOException, InterruptedException {
    return connected(client -> new BackupCommands(client, out, confirmation).backup(file));
  }

  @Command(name = "restore", description = "A backup into a cluster that is empty.")
  int restore(
      @Parameters(paramLabel = "FILE") Path file,
      @Option(names = "--yes", description = YES) boolean yes)
      throws IOException, InterruptedException {
    return connected(client -> new BackupCommands(client, out, confirmation).restore(file, yes));
  }

  @Command(
      name = "compact",
      description =
          "Makes the database of a server that does not run small again. Stop one server, compact,"
              + " start it, then the next: the others serve meanwhile.")
  int compact(@Parameters(paramLabel = "DIR", description = "Its --data directory.") Path data)
      throws IOException {
    String begins = "Compacting " + data + "; this takes a minute or two for each 5 GB ...";
    Compaction done = Compaction.of(data, () -> out.println(begins));
    out.printf(
        Locale.ROOT,
        "The database had %,d bytes and has %,d.%n",
        done.bytesBefore(),
        done.bytesAfter());
    return 0;
  }
}
