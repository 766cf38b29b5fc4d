package chat.client;

import java.util.List;

/**
 * Undelivered messages, oldest first; fetching does not mark them delivered.
 *
 * @param remainingCount undelivered messages beyond these
 */
public record FetchedMessages(List<ChatMessage> messages, int remainingCount) {
  public FetchedMessages {
    messages = List.copyOf(messages);
  }
}
