package chat.server.transport;

import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says what was refused, at most once a second: what strangers send must not fill the disk. All of
 * it shows at debug level. Thread-safe.
 */
final class RefusalLog {
  private static final Logger LOG = LoggerFactory.getLogger(RefusalLog.class);
  private static final long INTERVAL_NANOS = TimeUnit.SECONDS.toNanos(1);

  private long lastNanos = System.nanoTime() - INTERVAL_NANOS;
  private long unsaid;

  void say(String text) {
    long others;
    synchronized (this) {
      long now = System.nanoTime();
      if (now - lastNanos < INTERVAL_NANOS) {
        unsaid++;
        LOG.debug("{}", text);
        return;
      }
      lastNanos = now;
      others = unsaid;
      unsaid = 0;
    }
    if (others == 0) {
      LOG.warn("{}", text);
    } else {
      LOG.warn("{} ({} more before it were not shown)", text, others);
    }
  }
}
