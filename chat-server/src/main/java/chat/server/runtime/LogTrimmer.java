package chat.server.runtime;

import chat.server.replication.Status;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has the log trimmed once a second, elsewhere than in the replica's turns: deleting a large file
 * can take longer than a lease. {@link #tick} is for whoever drives the replica.
 */
final class LogTrimmer {
  private static final Logger logger = LoggerFactory.getLogger(LogTrimmer.class);
  private static final long INTERVAL_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final ReplicatedLog log;
  private final Applier applier;
  private final LogRetention retention;
  private final Executor elsewhere;
  private final Consumer<Throwable> fatal;
  private final AtomicBoolean trimming = new AtomicBoolean();
  private long triedAt;
  private boolean tried;

  /**
   * @param elsewhere where files are deleted
   * @param fatal gets what fails there: the server must stop (R14)
   */
  LogTrimmer(
      ReplicatedLog log,
      Applier applier,
      LogRetention retention,
      Executor elsewhere,
      Consumer<Throwable> fatal) {
    this.log = log;
    this.applier = applier;
    this.retention = retention;
    this.elsewhere = elsewhere;
    this.fatal = fatal;
  }

  /** Trims if it is time and something may go. */
  void tick(long now, @Nullable Status status) {
    if (status == null || (tried && now - triedAt < INTERVAL_NANOS)) {
      return;
    }
    triedAt = now;
    tried = true;
    List<ReplicatedLog.Extent> extents = log.extents();
    long before = retention.trimBefore(extents, applier.safeIndex(), status);
    boolean any = extents.size() > 1 && extents.get(1).firstIndex() <= before;
    if (any && trimming.compareAndSet(false, true)) {
      elsewhere.execute(() -> trim(before));
    }
  }

  private void trim(long before) {
    try {
      long first = log.firstIndex();
      log.trimBefore(before);
      logger.info("the log began at {} and begins at {} now", first, log.firstIndex());
      trimming.set(false);
    } catch (IOException | RuntimeException | Error e) {
      fatal.accept(e);
    }
  }
}
