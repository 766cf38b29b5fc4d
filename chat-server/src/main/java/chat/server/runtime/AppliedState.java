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

  /** Up to where the log is applied, as read back from the database. */
  LogPosition position();

  /**
   * Applies committed entries, the first following {@link #position}, in a transaction that also
   * stores the new position; in more than one if need be, each with the position it reaches.
   *
   * @return what each entry came to, in order
   */
  List<Applied> apply(List<Entry> entries);

  /**
   * Up to where the log will not be asked for again: what the database had applied at the
   * checkpoint before the last, since the newest may turn out to be damaged. From any thread.
   */
  long safeIndex();

  /** Writes to the disk what has been applied, if enough of it has gathered. */
  void checkpointIfDue();

  /** Writes what is applied to the disk and closes the database. */
  @Override
  void close();
}
