package chat.server;

import static org.assertj.core.api.Assertions.assertThat;

import chat.server.admin.AdminEndpoint;
import chat.server.admin.AdminOperations;
import chat.server.admin.AdminStatus;
import chat.server.admin.RefusedCommandException;
import chat.server.replication.Epoch;
import chat.server.replication.LogPosition;
import chat.server.replication.ServerId;
import io.grpc.Server;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The operators' command line and service, against servers that are made up. */
class AdminCommandTest {
  @TempDir Path directory;
  private final List<Server> running = new ArrayList<>();
  private final List<String> addresses = new ArrayList<>();
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @AfterEach
  void stop() {
    running.forEach(Server::shutdownNow);
  }

  @Test
  void theServerWithTheNewestLogIsForced() throws Exception {
    FakeServer one = run(new FakeServer(1, 40));
    FakeServer two = run(new FakeServer(2, 50));
    assertThat(admin("force-lineage", "--yes")).isZero();
    assertThat(two.done).containsExactly("force 1");
    assertThat(one.done).isEmpty();
    assertThat(out.toString()).contains("up to entry 50").endsWith("Server 2 serves alone.\n");
  }

  @Test
  void anotherServerIsForcedOnlyWhereTheOperatorNamesIt() throws Exception {
    FakeServer one = run(new FakeServer(1, 40));
    run(new FakeServer(2, 50));
    assertThat(admin("force-lineage", "--at", "1", "--yes")).isZero();
    assertThat(one.done).containsExactly("force 1");
    assertThat(out.toString()).contains("LOOK OUT: newer entries are on the disk of server 2");
  }

  @Test
  void aLongerLogOfAnOlderEpochIsNeitherForcedNorRecommended() throws Exception {
    FakeServer leftOut = run(new FakeServer(1, 90));
    FakeServer two = run(new FakeServer(2, 50));
    leftOut.durableEpoch = 511;
    assertThat(admin("force-lineage", "--yes")).isZero();
    assertThat(two.done).containsExactly("force 1");
    assertThat(leftOut.done).isEmpty();
    assertThat(out.toString()).doesNotContain("LOOK OUT");
  }

  @Test
  void aServerOfAnEarlierVersionIsNotTakenForOneWithAnOldLog() throws Exception {
    FakeServer one = run(new FakeServer(1, 40));
    FakeServer earlier = run(new FakeServer(2, 90));
    earlier.durableEpoch = 0;
    assertThat(admin("force-lineage", "--yes")).isZero();
    assertThat(earlier.done).containsExactly("force 1");
    assertThat(one.done).isEmpty();
    assertThat(out.toString()).doesNotContain("LOOK OUT");
  }

  @Test
  void whoeverForcesALongerLogOfAnOlderEpochIsWarned() throws Exception {
    FakeServer leftOut = run(new FakeServer(1, 90));
    run(new FakeServer(2, 50));
    leftOut.durableEpoch = 511;
    assertThat(admin("force-lineage", "--at", "1", "--yes")).isZero();
    assertThat(out.toString()).contains("LOOK OUT: newer entries are on the disk of server 2");
  }

  @Test
  void whereNobodyCanBeAskedNothingIsDoneWithoutYes() throws Exception {
    FakeServer one = run(new FakeServer(1, 40));
    assertThat(admin("force-lineage")).isEqualTo(Main.EXIT_USAGE);
    assertThat(one.done).isEmpty();
    assertThat(out.toString()).contains("lost for good");
    assertThat(err.toString()).contains("--yes").hasLineCount(1);
  }

  @Test
  void aRefusalIsTheServersSentence() throws Exception {
    FakeServer one = run(new FakeServer(1, 40));
    one.refusal = "Not today: come back tomorrow.";
    assertThat(admin("force-lineage", "--yes")).isEqualTo(CommandFailure.FAILED);
    assertThat(err.toString()).isEqualTo("Server 1: Not today: come back tomorrow.\n");
  }

  @Test
  void thePrimaryIsFoundWhereOneIsNeeded() throws Exception {
    run(new FakeServer(1, 40));
    FakeServer two = run(new FakeServer(2, 40));
    two.serving = true;
    assertThat(admin("replace", "3", "--yes")).isZero();
    assertThat(admin("add-server", "4", "--yes")).isZero();
    assertThat(admin("remove-server", "4", "--yes")).isZero();
    assertThat(admin("hand-over", "--yes")).isZero();
    assertThat(admin("hand-over", "1", "--yes")).isZero();
    assertThat(two.done)
        .containsExactly("replace 3", "add 4", "remove 4", "hand over to any", "hand over to 1");
    assertThat(admin("force-lineage", "--yes")).isEqualTo(CommandFailure.FAILED);
  }

  @Test
  void withoutAPrimaryTheSummarySaysWhy() throws Exception {
    run(new FakeServer(1, 40));
    assertThat(admin("replace", "3", "--yes")).isEqualTo(CommandFailure.FAILED);
    assertThat(err.toString()).isEqualTo("No server is primary: Made up.\n");
  }

  @Test
  void everyServerHearsOfACrashButNotOfOneThatAnswers() throws Exception {
    FakeServer one = run(new FakeServer(1, 40));
    FakeServer two = run(new FakeServer(2, 40));
    assertThat(admin("confirm-crashed", "3", "--yes")).isZero();
    assertThat(one.done).containsExactly("crashed 3");
    assertThat(two.done).containsExactly("crashed 3");
    assertThat(admin("confirm-crashed", "2", "--yes")).isEqualTo(CommandFailure.FAILED);
    assertThat(err.toString()).contains("Server 2 answers");
  }

  @Test
  void aBackupComesFromABackupAndOneThatIsNoneLeavesNoFile() throws Exception {
    FakeServer one = run(new FakeServer(1, 40));
    one.serving = true;
    FakeServer two = run(new FakeServer(2, 40));
    two.seesPrimary = 1;
    Path file = directory.resolve("backup");
    assertThat(admin("backup", file.toString())).isEqualTo(CommandFailure.FAILED);
    assertThat(err.toString()).contains("cannot be used");
    assertThat(one.done).isEmpty();
    assertThat(two.done).containsExactly("backup");
    assertThat(file).doesNotExist();
    assertThat(directory).isDirectoryNotContaining("glob:**/*.part");
  }

  @Test
  void nobodyAnswering() throws Exception {
    addresses.add("127.0.0.1:1");
    assertThat(admin("status")).isEqualTo(CommandFailure.UNREACHABLE);
    assertThat(err.toString()).contains("No server answers").hasLineCount(1);
  }

  @Test
  void badCommandLinesAreRefusedInOneLine() throws Exception {
    assertThat(admin()).isEqualTo(Main.EXIT_USAGE);
    assertThat(admin("nonsense")).isEqualTo(Main.EXIT_USAGE);
    assertThat(admin("replace")).isEqualTo(Main.EXIT_USAGE);
    assertThat(err.toString()).hasLineCount(3);
  }

  private FakeServer run(FakeServer server) throws IOException {
    Server started =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .addService(new AdminEndpoint(server))
            .build()
            .start();
    running.add(started);
    addresses.add("127.0.0.1:" + started.getPort());
    return server;
  }

  private int admin(String... command) {
    List<String> arguments = new ArrayList<>();
    if (!addresses.isEmpty()) {
      arguments.addAll(List.of("--servers", String.join(",", addresses)));
    }
    arguments.addAll(List.of(command));
    PrintWriter to = new PrintWriter(out, true);
    return Main.run(
        new AdminCommand(to, new Confirmation(to, null)),
        arguments.toArray(String[]::new),
        new PrintWriter(err, true));
  }

  /** A server that keeps what it was told to do. */
  private final class FakeServer implements AdminOperations {
    final List<String> done = new ArrayList<>();
    final ServerId id;
    final long durableIndex;
    long durableEpoch = 512;
    long lineage = 1;
    boolean serving;
    int seesPrimary;
    String refusal = "";

    FakeServer(int id, long durableIndex) {
      this.id = new ServerId(id);
      this.durableIndex = durableIndex;
    }

    @Override
    public AdminStatus status() {
      int primary = serving ? id.value() : seesPrimary;
      return new AdminStatus(
          id,
          "disk-" + id,
          1,
          "cluster",
          lineage,
          512,
          List.of(new ServerId(1), new ServerId(2)),
          primary == 0 ? Optional.empty() : Optional.of(new ServerId(primary)),
          serving,
          true,
          new LogPosition(durableIndex, new Epoch(durableEpoch), 0),
          durableIndex,
          List.of(),
          "Made up.");
    }

    private String did(String what) throws RefusedCommandException {
      if (!refusal.isEmpty()) {
        throw new RefusedCommandException(refusal);
      }
      done.add(what);
      return "Done: " + what + ".";
    }

    @Override
    public NewLineage forceLineage(long expected) throws RefusedCommandException {
      did("force " + expected);
      lineage = 256L + id.value();
      serving = true;
      return new NewLineage(lineage, "Server " + id + " serves alone.");
    }

    @Override
    public String confirmCrashed(ServerId server) throws RefusedCommandException {
      return did("crashed " + server);
    }

    @Override
    public String replaceServer(ServerId server) throws RefusedCommandException {
      return did("replace " + server);
    }

    @Override
    public String addServer(ServerId server) throws RefusedCommandException {
      return did("add " + server);
    }

    @Override
    public String removeServer(ServerId server) throws RefusedCommandException {
      return did("remove " + server);
    }

    @Override
    public String handOver(Optional<ServerId> server) throws RefusedCommandException {
      return did("hand over to " + server.map(ServerId::toString).orElse("any"));
    }

    @Override
    public Path backup() throws RefusedCommandException, IOException {
      did("backup");
      return Files.writeString(newFile(), "no backup at all");
    }

    @Override
    public Path newFile() {
      return directory.resolve("of-server-" + id);
    }

    @Override
    public NewLineage restore(Path file) throws RefusedCommandException {
      return new NewLineage(1, did("restore"));
    }
  }
}
