package chat.server;

import static org.assertj.core.api.Assertions.assertThat;

import chat.server.replication.Cluster;
import chat.server.replication.Envelope;
import chat.server.replication.HardState;
import chat.server.replication.ServerId;
import chat.server.replication.View;
import chat.server.runtime.PeerNetwork;
import chat.server.transport.GrpcPeerNetwork;
import chat.server.transport.PeerSecurity;
import chat.server.transport.SnapshotSource;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class SnapshotSearchTest {
  private static final ServerId PEER = new ServerId(1);
  private static final ServerId SELF = new ServerId(2);
  private static final Duration PATIENCE = Duration.ofSeconds(2);
  private static final int PAUSE_MILLIS = 20;
  private static final ServerLimits LIMITS =
      new ServerLimits(16384, 65536, 10000, 50, 1000, 19456, 2, 4096, 1 << 20, 100, 0);

  @TempDir Path root;

  private final AtomicInteger asked = new AtomicInteger();
  private boolean refuses;

  /** Gives what nobody can use, or says that it gives nothing. */
  private final SnapshotSource source =
      new SnapshotSource() {
        @Override
        public Cluster cluster() {
          return clusterOf("cluster");
        }

        @Override
        public Path snapshot() throws IOException {
          int number = asked.incrementAndGet();
          if (refuses) {
            throw new IOException("not now");
          }
          return Files.write(root.resolve("snapshot-" + number), new byte[1000]);
        }
      };

  private final PeerNetwork.Receiver nobody =
      new PeerNetwork.Receiver() {
        @Override
        public void received(Envelope envelope) {}

        @Override
        public void disconnected(ServerId peer) {}
      };

  private DataDirectory.Opened opened;

  @BeforeEach
  void open() throws IOException {
    opened =
        DataDirectory.open(
            root.resolve("data"), new StartFlags(SELF, null, 2, null, null, false, false), LIMITS);
  }

  @Test
  void aPeerThatGivesWhatIsOfNoUseIsAskedLessAndLess() throws Exception {
    search("cluster");
    // 20, 40, 80 ms, and so on: within two seconds.
    assertThat(asked).hasValueBetween(2, 8);
  }

  @Test
  void aPeerThatGivesNothingNowIsAskedAgainSoon() throws Exception {
    refuses = true;
    search("cluster");
    assertThat(asked).hasValueGreaterThan(8);
  }

  /** This server has never been a member of any: its own disk does not say whose state it wants. */
  @Test
  void aServerOfAnotherClusterThatIsFoundAtThatAddressIsNotLearntFrom() throws Exception {
    search("another");
    assertThat(asked).hasValue(0);
  }

  private static Cluster clusterOf(String id) {
    return new Cluster(id, 1, new TreeMap<>(Map.of(PEER, "disk-1", SELF, "disk-2")));
  }

  private void search(String clusterId) throws Exception {
    try (GrpcPeerNetwork peer =
        new GrpcPeerNetwork(PEER, loopback(0), Map.of(SELF, loopback(9)), PeerSecurity.none())) {
      peer.start(nobody, source, List.of());
      ClusterAddresses addresses =
          ClusterAddresses.parse("1=127.0.0.1:8:" + peer.port() + ":9,2=127.0.0.1:10:11:12");
      var unused =
          new SnapshotSearch(
                  opened.config().with(addresses),
                  opened.directory(),
                  PeerSecurity.none(),
                  new CountDownLatch(1),
                  PAUSE_MILLIS)
              .find(
                  List.of(PEER),
                  HardState.empty(View.unborn(new TreeSet<>(List.of(PEER, SELF)))),
                  clusterOf(clusterId),
                  header -> true,
                  PATIENCE);
    }
  }

  private static InetSocketAddress loopback(int port) {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
  }
}
