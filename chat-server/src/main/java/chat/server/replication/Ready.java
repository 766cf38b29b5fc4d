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
 * @param changes what came of changes that operators asked for
 * @param ending why this run must end and another begin, or null; it stays once it is there
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
    List<Changed> changes,
    @Nullable Ending ending,
    @Nullable Status status) {

  /** Why a run must end. The caller stops it, prepares the disk, and may start the next one. */
  public sealed interface Ending {
    /**
     * What is committed and missing here is no longer kept by {@code source}: copy its state, or
     * that of another server of the same {@code cluster}. A server that has never been a member
     * knows by this alone which cluster it is to learn from.
     */
    record SnapshotNeeded(ServerId source, Cluster cluster) implements Ending {}

    /**
     * An operator forced a later lineage of this cluster. What is here belongs to a past that did
     * not happen: set it aside, and start with nothing but {@code cluster}.
     */
    record LaterLineage(Cluster cluster) implements Ending {}

    /** An operator removed this server from the cluster: there is no next run. */
    record Removed() implements Ending {}
  }

  /**
   * What came of a change.
   *
   * @param id that {@link Replica#change} was given
   * @param failure null if it is made, else a sentence that says why not
   */
  public record Changed(long id, @Nullable String failure) {}

  /**
   * Entries that another server asks for.
   *
   * @param answer the envelope to send, with the entries put in by {@link #answer}
   */
  public record Fetch(LogPosition after, long upToIndex, int bytesMax, Envelope answer) {
    /**
     * The envelope to send when these entries were read.
     *
     * @param firstIndex of the log: who asks for less must take a snapshot
     */
    public Envelope answer(List<Entry> entries, long firstIndex) {
      Message.Fetched empty = (Message.Fetched) answer.message();
      return new Envelope(
          answer.header(),
          answer.to(),
          answer.toIncarnation(),
          answer.call(),
          new Message.Fetched(after, List.copyOf(entries), empty.commitIndex(), firstIndex));
    }
  }

  /** A question to a member's life socket; the answer goes to {@link Replica#probed}. */
  public record Probe(ServerId target, Incarnation incarnation) {}

  /** A confirmed read: serve it from a state that has applied {@code index} (R10). */
  public record Read(long id, long index) {}

  /** Whether there is a fetch, a probe, a read, a notice or a change. */
  public boolean hasMore() {
    return !(fetches.isEmpty()
        && probes.isEmpty()
        && reads.isEmpty()
        && failedReads.isEmpty()
        && notices.isEmpty()
        && changes.isEmpty());
  }

  /** Whether there is anything to write. */
  public boolean writes() {
    return truncateAfter >= 0 || !append.isEmpty() || mustSync || hardState != null;
  }
}
