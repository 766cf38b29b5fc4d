package chat.client.bench;

/** Hears of messages that have come to accounts. Thread-safe. */
interface Arrivals {
  /**
   * A message has come.
   *
   * @param account the recipient's place among the accounts
   */
  void arrived(int account, long messageId);
}
