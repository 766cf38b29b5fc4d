package chat.client;

/**
 * An account as others see it.
 *
 * @param online somebody receives its messages right now
 */
public record AccountInfo(String username, boolean online) {}
