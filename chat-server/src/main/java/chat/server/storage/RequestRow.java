package chat.server.storage;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;

/** What a request id of an account stands for. */
record RequestRow(String requestId, long accountId, long messageId) {
  /** The order of a pack. */
  static final Comparator<RequestRow> ORDER =
      Comparator.comparing(RequestRow::requestId).thenComparingLong(RequestRow::accountId);

  /** Adds it to a pack: the ids of account and message as {@link Varint}s, and the request id. */
  void addTo(PackedRows.Builder pack) {
    byte[] id = requestId.getBytes(StandardCharsets.UTF_8);
    ByteBuffer to = pack.next(2 * Varint.BYTES_MAX + id.length);
    Varint.put(to, accountId);
    Varint.put(to, messageId);
    to.put(id);
    pack.added();
  }

  /** Reads a packed row. */
  static RequestRow read(ByteBuffer row) {
    long account = Varint.get(row);
    long message = Varint.get(row);
    return new RequestRow(StandardCharsets.UTF_8.decode(row).toString(), account, message);
  }
}
