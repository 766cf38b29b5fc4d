package chat.client.bench;

import io.grpc.Status;

/** A way to send a message without waiting for its answer. Thread-safe. */
interface Sending extends AutoCloseable {
  /** Hears of one message's end, once; on a network thread, which it must not block. */
  interface Receipt {
    /** The service has accepted the message. */
    void accepted(long messageId);

    /** It has not, or nobody knows. */
    void failed(Status status);
  }

  /**
   * Sends a message.
   *
   * @param slot which of those in flight at a time it is, from 0 on
   */
  void send(int slot, String recipient, String text, Receipt receipt);

  @Override
  void close();
}
