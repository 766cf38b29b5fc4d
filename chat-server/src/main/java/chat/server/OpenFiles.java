package chat.server;

import chat.server.transport.ConnectionBounds;
import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the system lets this process open, and what of it clients may use: a log that cannot open
 * its next file ends the server. Stateless.
 */
final class OpenFiles {
  private static final Logger logger = LoggerFactory.getLogger(OpenFiles.class);

  /** For the log, the database, the other servers and the virtual machine. */
  private static final int OWN = 512;

  private static final int STRANGERS_MAX = 512;

  private OpenFiles() {}

  /** The bounds of the clients' port. */
  static ConnectionBounds connections(int wanted) {
    int max = connections(wanted, limit());
    if (max < wanted) {
      logger.warn(
          "the system lets this process open {} files: {} connections of clients instead of {}"
              + " (see ulimit -n)",
          limit(),
          max,
          wanted);
    }
    return new ConnectionBounds(
        "clients' port", max, Math.min(STRANGERS_MAX, Math.max(1, max / 4)));
  }

  /** How many connections clients may have where a process may have {@code limit} files open. */
  static int connections(int wanted, long limit) {
    return (int) Math.min(wanted, Math.max(OWN, limit - OWN));
  }

  private static long limit() {
    return ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system
        ? system.getMaxFileDescriptorCount()
        : Long.MAX_VALUE;
  }
}
