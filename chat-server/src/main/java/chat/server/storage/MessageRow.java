package chat.server.storage;

import chat.server.chat.StoredMessage;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.function.LongFunction;

/**
 * A message as the database has it. The ids make chains: from an account's newest message back to
 * its first one.
 *
 * @param live whether it was accepted as live
 * @param senderBefore the message before it that its sender sent or received; 0 if there is none
 * @param recipientBefore the same of its recipient
 */
record MessageRow(StoredMessage message, boolean live, long senderBefore, long recipientBefore) {
  private static final int FIXED_BYTES = 2 * Long.BYTES + 1;

  long id() {
    return message.messageId();
  }

  boolean isOf(long accountId) {
    return message.senderId() == accountId || message.recipientId() == accountId;
  }

  /** The message before it of one of its accounts. */
  long before(long accountId) {
    return message.senderId() == accountId ? senderBefore : recipientBefore;
  }

  /**
   * Adds it to a pack: {@code id 8 | sent 8 | live 1}, then as {@link Varint}s the ids of sender
   * and recipient and how far before it the messages before it are (0 if there is none), and the
   * text.
   */
  void addTo(PackedRows.Builder pack) {
    byte[] text = message.text().getBytes(StandardCharsets.UTF_8);
    ByteBuffer to = pack.next(FIXED_BYTES + 4 * Varint.BYTES_MAX + text.length);
    to.putLong(id()).putLong(message.sentTimeMicros()).put((byte) (live ? 1 : 0));
    Varint.put(to, message.senderId());
    Varint.put(to, message.recipientId());
    Varint.put(to, senderBefore == 0 ? 0 : id() - senderBefore);
    Varint.put(to, recipientBefore == 0 ? 0 : id() - recipientBefore);
    to.put(text);
    pack.added();
  }

  /** The id of a packed row; it stays unread. */
  static long id(ByteBuffer row) {
    return row.getLong(row.position());
  }

  /**
   * Reads a packed row.
   *
   * @param names of accounts, by their ids
   */
  static MessageRow read(ByteBuffer row, LongFunction<String> names) {
    long id = row.getLong();
    long sent = row.getLong();
    boolean live = row.get() != 0;
    long sender = Varint.get(row);
    long recipient = Varint.get(row);
    long senderDistance = Varint.get(row);
    long recipientDistance = Varint.get(row);
    String text = StandardCharsets.UTF_8.decode(row).toString();
    return new MessageRow(
        new StoredMessage(
            id, sender, names.apply(sender), recipient, names.apply(recipient), text, sent),
        live,
        senderDistance == 0 ? 0 : id - senderDistance,
        recipientDistance == 0 ? 0 : id - recipientDistance);
  }
}
