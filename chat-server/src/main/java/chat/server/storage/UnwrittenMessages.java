package chat.server.storage;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Messages that are applied and not yet in the database, in their order: those that gather, and
 * those that are being written. Changed by the owner of the state; any thread may ask.
 *
 * <p>Who looks for a message asks here <em>first</em> and the database then: a message leaves this
 * place only when the database has it.
 */
final class UnwrittenMessages {
  private Map<Long, MessageRow> gathering = new LinkedHashMap<>();
  private Map<Long, MessageRow> beingWritten = Map.of();

  synchronized void add(MessageRow row) {
    gathering.put(row.id(), row);
  }

  synchronized @Nullable MessageRow get(long id) {
    MessageRow found = gathering.get(id);
    return found == null ? beingWritten.get(id) : found;
  }

  /** What has gathered, to be written; {@link #written} must have been said of what was before. */
  synchronized Collection<MessageRow> take() {
    beingWritten = gathering;
    gathering = new LinkedHashMap<>();
    return beingWritten.values();
  }

  /** What was taken is in the database, for whoever begins to read it now. */
  synchronized void written() {
    beingWritten = Map.of();
  }
}
