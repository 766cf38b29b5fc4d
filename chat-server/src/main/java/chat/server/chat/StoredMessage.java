package chat.server.chat;

/**
 * A message as it is kept.
 *
 * @param messageId the log index that it was accepted at
 * @param sender the sender's name then
 * @param recipient the recipient's name
 * @param sentTimeMicros microseconds since 1970
 */
public record StoredMessage(
    long messageId,
    long senderId,
    String sender,
    long recipientId,
    String recipient,
    String text,
    long sentTimeMicros) {
  /** Without the text: nobody's messages belong in a log or in an error. */
  @Override
  public String toString() {
    return "StoredMessage[" + messageId + ", " + sender + " to " + recipient + "]";
  }
}
