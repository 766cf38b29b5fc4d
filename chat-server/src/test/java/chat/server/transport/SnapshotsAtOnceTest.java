package chat.server.transport;

import static chat.server.transport.Harness.FIRST;
import static chat.server.transport.Harness.ONE;
import static chat.server.transport.Harness.TWO;
import static chat.server.transport.Harness.freePort;
import static chat.server.transport.Harness.local;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import chat.server.replication.Cluster;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class SnapshotsAtOnceTest {
  @TempDir Path directory;

  private final AtomicInteger running = new AtomicInteger();
  private final AtomicInteger most = new AtomicInteger();
  private final AtomicInteger made = new AtomicInteger();

  /** A state of some gigabytes, as far as time goes. */
  private final class SlowSource implements SnapshotSource {
    @Override
    public Cluster cluster() {
      return new Cluster("cluster", 1, new TreeMap<>(Map.of(ONE, "disk-1", TWO, "disk-2")));
    }

    @Override
    public Path snapshot() throws IOException {
      most.accumulateAndGet(running.incrementAndGet(), Math::max);
      Path file = directory.resolve("snapshot-" + made.incrementAndGet());
      Files.write(file, new byte[1000]);
      try {
        TimeUnit.MILLISECONDS.sleep(500);
      } catch (InterruptedException e) {
        throw new IOException(e);
      }
      running.decrementAndGet();
      return file;
    }
  }

  /** Or the disk of the one that serves would be full of what nobody waits for. */
  @Test
  void aPeerThatDiesAndAsksAgainGetsOneAtATime() throws Exception {
    int port = freePort();
    try (GrpcPeerNetwork one =
        new GrpcPeerNetwork(ONE, local(port), Map.of(TWO, local(freePort())))) {
      one.start(new Harness.Inbox(), new SlowSource(), List.of());
      for (int i = 0; i < 6; i++) {
        assertThatThrownBy(
                () ->
                    SnapshotFetch.fetch(
                        ONE,
                        local(port),
                        PeerSecurity.none(),
                        Harness.header(TWO, FIRST),
                        Duration.ofMillis(100),
                        directory.resolve("fetched")))
            .isInstanceOf(IOException.class);
      }
      await().until(() -> made.get() > 0 && running.get() == 0 && left() == 0);
      assertThat(most).hasValue(1);
      assertThat(made).hasValueLessThan(6);
    }
  }

  private long left() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.filter(file -> file.getFileName().toString().startsWith("snapshot-")).count();
    }
  }
}
