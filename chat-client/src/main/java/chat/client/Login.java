package chat.client;

import java.time.Instant;

/**
 * What a login came to.
 *
 * @param expireTime when the session ends if it is not used
 * @param undeliveredCount messages that wait
 */
public record Login(ChatSession session, Instant expireTime, int undeliveredCount) {}
