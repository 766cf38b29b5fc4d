package chat.client;

import java.time.Instant;

/**
 * A message as its recipient sees it. The text is what the sender wrote, control characters and
 * all: whoever shows it on a terminal escapes it first.
 *
 * @param messageId grows with every message of the whole service; two messages with the same id are
 *     the same message
 * @param sentTime when the service accepted it, by the service's clock
 */
public record ChatMessage(
    long messageId, String sender, String recipient, String text, Instant sentTime) {}
