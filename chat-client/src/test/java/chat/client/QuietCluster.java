package chat.client;

import chat.client.demo.LocalCluster;
import java.time.Duration;
import java.util.Optional;

/**
 * Three real servers for whoever cannot follow a change of primary. If there was one, the machine
 * stalled: what failed then says nothing and is tried again on new servers.
 */
final class QuietCluster {
  private static final int TRIES_MAX = 4;
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  interface Body {
    void run(LocalCluster cluster) throws Exception;
  }

  private QuietCluster() {}

  static void with(Body body) throws Exception {
    for (int tries = 1; !tried(body, tries == TRIES_MAX); tries++) {
      System.err.println("The primary changed by itself: once more, on new servers.");
    }
  }

  /** False if it failed in a way that does not count. */
  private static boolean tried(Body body, boolean last) throws Exception {
    try (LocalCluster cluster =
        LocalCluster.create(3, "--password-memory-kib", "64", "--password-iterations", "1")
            .startAll()) {
      long epoch = cluster.awaitComplete(PATIENCE).epoch();
      try {
        body.run(cluster);
        return true;
      } catch (Exception | AssertionError e) {
        Optional<ClusterStatus> now = cluster.status();
        if (last || (now.isPresent() && now.get().epoch() == epoch)) {
          throw e;
        }
        return false;
      }
    }
  }
}
