package chat.server.runtime;

import chat.server.chat.Command;
import chat.server.chat.Outcome;
import chat.server.replication.Entry;
import chat.server.replication.LogPosition;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The state that the log produces, as far as it is applied. Confined to the apply thread, but where
 * it says otherwise.
 */
public interface AppliedState extends AutoCloseable {
  /**
   * An entry that has been applied.
   *
   * @param command null for an entry of the replication itself
   */
  record Applied(LogPosition position, @Nullable Command command, Outcome outcome) {}

  /** Up to where the log is applied: at first what is read back from the database. */
  LogPosition position();

  /**
   * Applies committed entries, the first following {@link #position}. Queries see them when this
   * returns; the database gets them later, with the position, by {@link #write}.
   *
   * @return what each entry came to, in order
   */
  List<Applied> apply(List<Entry> entries);

  /**
   * Whether nobody would miss what is applied: no account was ever made. A state that cannot tell
   * says no. From any thread.
   */
  default boolean isEmpty() {
    return false;
  }

  /**
   * Up to where the log will not be asked for again: what the database had applied at the
   * checkpoint before the last, since the newest may turn out to be damaged. From any thread.
   */
  long safeIndex();

  /**
   * Puts into the database what has been applied, in a transaction that also stores the position.
   * From any thread; entries may be applied meanwhile.
   */
  default void write() {}

  /** Writes to the disk what has been applied, if enough of it has gathered. From any thread. */
  void checkpointIfDue();

  /** Writes what is applied to the disk and closes the database. */
  @Override
  void close();
}
