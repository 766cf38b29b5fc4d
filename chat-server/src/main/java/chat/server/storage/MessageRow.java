package chat.server.storage;

import chat.server.chat.StoredMessage;

/**
 * A message as the database has it. The ids make chains: from an account's newest message back to
 * its first one.
 *
 * @param live whether it was accepted as live
 * @param senderBefore the message before it that its sender sent or received; 0 if there is none
 * @param recipientBefore the same of its recipient
 */
record MessageRow(StoredMessage message, boolean live, long senderBefore, long recipientBefore) {
  boolean isOf(long accountId) {
    return message.senderId() == accountId || message.recipientId() == accountId;
  }

  /** The message before it of one of its accounts. */
  long before(long accountId) {
    return message.senderId() == accountId ? senderBefore : recipientBefore;
  }
}
