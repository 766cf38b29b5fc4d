package chat.server.storage;

import java.util.concurrent.TimeUnit;

/**
 * How much the database does at a time.
 *
 * @param checkNanos what checksums may take before it is used; the rest is looked at while it is
 * @param roundEntries log entries after which mailboxes are written: they are read again at a
 *     start, in well below a second
 * @param mailboxes that are written with one transaction
 * @param checkpoints when they are due
 */
record Pace(long checkNanos, int roundEntries, int mailboxes, Checkpoints checkpoints) {
  static final Pace USUAL =
      new Pace(TimeUnit.MILLISECONDS.toNanos(200), 25_000, 1_000, Checkpoints.USUAL);

  Pace withCheckpoints(Checkpoints others) {
    return new Pace(checkNanos, roundEntries, mailboxes, others);
  }
}
