package chat.server.runtime;

import chat.server.replication.Entry;
import chat.server.replication.LogPosition;
import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * The log on disk. Appending, truncating and syncing are confined to the replica thread; {@link
 * #read} and {@link #position} may be called from any thread at any time and see what was appended
 * before.
 *
 * <p>Any {@code IOException} of a writing method is final: the caller stops the process and never
 * calls again (R14).
 */
public interface ReplicatedLog extends Closeable {
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

  /** The position of the entry at {@code index}, if the log has it; START for 0. */
  Optional<LogPosition> position(long index) throws IOException;
}
