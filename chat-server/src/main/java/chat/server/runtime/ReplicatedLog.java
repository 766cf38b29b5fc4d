package chat.server.runtime;

import chat.server.replication.Entry;
import chat.server.replication.LogPosition;
import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * The log on disk. Appending, truncating and syncing are confined to whoever drives the replica;
 * the other methods may be called from any thread at any time and see what was appended before.
 *
 * <p>Any {@code IOException} of a writing method is final: the caller stops the process and never
 * calls again (R14).
 */
public interface ReplicatedLog extends Closeable {
  /**
   * A piece of the log that is kept or deleted as a whole.
   *
   * @param firstIndex of its first entry; of the next one to come if it has none
   * @param bytes on the disk
   */
  record Extent(long firstIndex, long bytes) {}

  /** The first entry that is kept, or will be: one more than {@link #last} if there is none. */
  long firstIndex();

  /** All pieces in order, at least one; the last is being written. */
  List<Extent> extents();

  /**
   * Deletes whole pieces of which every entry is before {@code index}; never what is not recorded
   * as committed, nor the last piece. {@link #read} of such entries is refused from then on.
   * Durable when it returns; may take long where files are large.
   */
  void trimBefore(long index) throws IOException;

  /** The last entry's position, or {@link LogPosition#START}. */
  LogPosition last();

  /** The newest commit index that the log has recorded durably (R18); 0 if none. */
  long recordedCommitIndex();

  /**
   * Removes every entry after {@code index}. Durable after the next {@link #sync}.
   *
   * @throws IllegalArgumentException if {@code index} is below the recorded commit index
   */
  void truncateAfter(long index) throws IOException;

  /**
   * Appends entries, the first following {@link #last}, and the commit index known now. Written but
   * not durable until {@link #sync}. An empty list records the commit index alone.
   */
  void append(List<Entry> entries, long commitIndex) throws IOException;

  /** Forces everything written so far to the disk: one fsync, none if there is nothing new. */
  void sync() throws IOException;

  /**
   * Entries after {@code afterIndex} up to and including {@code upToIndex}, in order, at least one
   * if there is one, and no more once their payloads exceed {@code bytesMax}.
   *
   * @throws java.util.NoSuchElementException if the entry after {@code afterIndex} is no longer
   *     kept
   */
  List<Entry> read(long afterIndex, long upToIndex, int bytesMax) throws IOException;

  /**
   * The position of the entry at {@code index}, if the log has it or begins right after it; START
   * for 0.
   */
  Optional<LogPosition> position(long index) throws IOException;
}
