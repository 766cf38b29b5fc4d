package chat.server;

import java.util.List;
import java.util.Locale;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * How the process logs: one line an event, to the standard error. Set before the first logger is
 * made, which reads it once.
 */
final class Logging {
  private static final List<String> LEVELS = List.of("error", "warn", "info", "debug", "trace");

  /** Kept here, or the level would go with the logger. */
  private static final Logger TRANSPORT =
      Logger.getLogger("io.grpc.netty.shaded.io.grpc.netty.NettyServerHandler");

  /** Likewise. */
  private static final Logger REQUESTS =
      Logger.getLogger("io.grpc.netty.shaded.io.grpc.netty.NettyServerStream");

  private static final String LIBRARIES = "info";
  private static final String PREFIX = "org.slf4j.simpleLogger.";

  // gRPC logs elsewhere, a stack trace for every connection on which something else than HTTP/2 or
  // TLS is spoken: whoever sends garbage would fill the disk. Kept here, or the JDK forgets the
  // level of a logger that nobody refers to.
  private static final Logger CONNECTIONS =
      Logger.getLogger("io.grpc.netty.shaded.io.grpc.netty.NettyServerTransport");

  private Logging() {}

  static void configure(String level) {
    String lower = level.toLowerCase(Locale.ROOT);
    if (!LEVELS.contains(lower)) {
      throw new UsageException(
          "--log-level " + level + " is none of " + String.join(", ", LEVELS) + ".");
    }
    // Ours alone at levels below info: Netty would log every frame then, tokens and texts in it.
    boolean fine = LEVELS.indexOf(lower) > LEVELS.indexOf(LIBRARIES);
    System.setProperty(PREFIX + "defaultLogLevel", fine ? LIBRARIES : lower);
    System.setProperty(PREFIX + "log.chat", lower);
    CONNECTIONS.setLevel(Level.WARNING);
    System.setProperty(PREFIX + "showDateTime", "true");
    System.setProperty(PREFIX + "dateTimeFormat", "yyyy-MM-dd HH:mm:ss.SSS");
    System.setProperty(PREFIX + "showShortLogName", "true");
    // A stream that is reset while its client does not read is worth a page of warnings to it: who
    // does that on purpose must not fill the disk.
    TRANSPORT.setLevel(Level.SEVERE);
    // Likewise a request that is too large; whoever sent it is told.
    REQUESTS.setLevel(Level.SEVERE);
  }
}
