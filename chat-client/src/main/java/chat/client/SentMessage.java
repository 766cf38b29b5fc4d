package chat.client;

import java.time.Instant;

/**
 * The receipt of a message that the service accepted: from now on it survives what the service's
 * fault model promises.
 *
 * @param requestId the id it was sent with; sending the same again with this id changes nothing
 * @param duplicate this is the first answer again: an earlier attempt had been accepted
 */
public record SentMessage(
    long messageId, Instant sentTime, Delivery delivery, boolean duplicate, String requestId) {}
