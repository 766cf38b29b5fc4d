package chat.server.storage;

import chat.server.chat.StoredMessage;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Messages that are applied and not yet in the database, in their order. Changed by the apply
 * thread alone; any thread may ask.
 *
 * <p>Who wants to see everything applied asks here <em>first</em> and the database then: a message
 * leaves this place only when the database has it.
 */
final class UnwrittenMessages {
  record Unwritten(StoredMessage message, boolean live) {}

  private final Map<Long, Unwritten> messages = new LinkedHashMap<>();

  synchronized void add(StoredMessage message, boolean live) {
    messages.put(message.messageId(), new Unwritten(message, live));
  }

  synchronized @Nullable Unwritten get(long id) {
    return messages.get(id);
  }

  synchronized List<Unwritten> all() {
    return List.copyOf(messages.values());
  }

  synchronized List<StoredMessage> select(Predicate<StoredMessage> wanted) {
    List<StoredMessage> found = new ArrayList<>();
    for (Unwritten unwritten : messages.values()) {
      if (wanted.test(unwritten.message())) {
        found.add(unwritten.message());
      }
    }
    return found;
  }

  /** All of them are in the database, for whoever begins to read it now. */
  synchronized void clear() {
    messages.clear();
  }
}
