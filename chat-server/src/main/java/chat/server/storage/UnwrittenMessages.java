package chat.server.storage;

import chat.server.chat.StoredMessage;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Messages that are applied and not yet in the database, in their order: those that gather, and
 * those that are being written. Changed by the owner of the state; any thread may ask.
 *
 * <p>Who wants to see everything applied asks here <em>first</em> and the database then: a message
 * leaves this place only when the database has it.
 */
final class UnwrittenMessages {
  record Unwritten(StoredMessage message, boolean live) {}

  private Map<Long, Unwritten> gathering = new LinkedHashMap<>();
  private Map<Long, Unwritten> beingWritten = Map.of();

  synchronized void add(StoredMessage message, boolean live) {
    gathering.put(message.messageId(), new Unwritten(message, live));
  }

  synchronized @Nullable Unwritten get(long id) {
    Unwritten found = gathering.get(id);
    return found == null ? beingWritten.get(id) : found;
  }

  synchronized List<StoredMessage> select(Predicate<StoredMessage> wanted) {
    List<StoredMessage> found = new ArrayList<>();
    for (Map<Long, Unwritten> messages : List.of(beingWritten, gathering)) {
      for (Unwritten unwritten : messages.values()) {
        if (wanted.test(unwritten.message())) {
          found.add(unwritten.message());
        }
      }
    }
    return found;
  }

  /** What has gathered, to be written; {@link #written} must have been said of what was before. */
  synchronized Collection<Unwritten> take() {
    beingWritten = gathering;
    gathering = new LinkedHashMap<>();
    return beingWritten.values();
  }

  /** What was taken is in the database, for whoever begins to read it now. */
  synchronized void written() {
    beingWritten = Map.of();
  }
}
