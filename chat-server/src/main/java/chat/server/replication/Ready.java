package chat.server.replication;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The work that the caller must do, in this order:
 *
 * <ol>
 *   <li>send {@link #sendFirst}: entries for backups travel while this server's disk works;
 *   <li>truncate the log after {@link #truncateAfter} (if not negative), append {@link #append}
 *       with {@link #commitIndex}, and force the log if {@link #mustSync};
 *   <li>store {@link #hardState} (if any), durably;
 *   <li>call {@link Replica#persisted};
 *   <li>send {@link #send}: answers that speak of what is now on disk;
 *   <li>the rest, in any order: apply the log up to {@link #commitIndex}, serve fetches, start
 *       probes, answer reads, log notices, show the status.
 * </ol>
 *
 * Persist first: a promise sent but not stored can be given twice.
 *
 * @param commitIndex everything up to it is committed; never goes back
 * @param fetches entries to read from the log and send
 * @param probes servers whose life socket to ask (R7)
 * @param reads that are confirmed: may be answered once the commit index they name is applied
 * @param failedReads that this server may not answer
 * @param notices for the operator's log
 * @param status if it has changed
 */
public record Ready(
    List<Envelope> sendFirst,
    long truncateAfter,
    List<Entry> append,
    boolean mustSync,
    @Nullable HardState hardState,
    long commitIndex,
    List<Envelope> send,
    List<Fetch> fetches,
    List<Probe> probes,
    List<Read> reads,
    List<Long> failedReads,
    List<String> notices,
    @Nullable Status status) {

  /**
   * Entries that another server asks for.
   *
   * @param answer the envelope to send, with the entries put in by {@link #answer}
   */
  public record Fetch(LogPosition after, long upToIndex, int bytesMax, Envelope answer) {
    /** The envelope to send when these entries were read. */
    public Envelope answer(List<Entry> entries) {
      Message.Fetched empty = (Message.Fetched) answer.message();
      return new Envelope(
          answer.header(),
          answer.to(),
          answer.toIncarnation(),
          answer.call(),
          new Message.Fetched(after, List.copyOf(entries), empty.commitIndex()));
    }
  }

  /** A question to a member's life socket; the answer goes to {@link Replica#probed}. */
  public record Probe(ServerId target, Incarnation incarnation) {}

  /** A confirmed read: serve it from a state that has applied {@code index} (R10). */
  public record Read(long id, long index) {}

  /** Whether there is anything to write. */
  public boolean writes() {
    return truncateAfter >= 0 || !append.isEmpty() || mustSync || hardState != null;
  }
}
