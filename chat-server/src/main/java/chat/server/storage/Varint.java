package chat.server.storage;

import java.nio.ByteBuffer;

/** Numbers from 0 on as bytes: seven bits a byte, the lowest first. */
final class Varint {
  /** The most that one takes. */
  static final int BYTES_MAX = 9;

  private Varint() {}

  static void put(ByteBuffer out, long number) {
    long left = number;
    while (left > 0x7f) {
      out.put((byte) (left | 0x80));
      left >>>= 7;
    }
    out.put((byte) left);
  }

  static long get(ByteBuffer in) {
    long number = 0;
    for (int shift = 0; ; shift += 7) {
      byte next = in.get();
      number |= (long) (next & 0x7f) << shift;
      if (next >= 0) {
        return number;
      }
    }
  }
}
