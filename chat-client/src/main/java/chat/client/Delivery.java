package chat.client;

/** How an accepted message went on its way. */
public enum Delivery {
  /** The recipient had a stream open when the message was accepted. */
  LIVE,
  /** The message waits for the recipient. */
  QUEUED,
  /** The server said something that this library does not know. */
  UNKNOWN
}
