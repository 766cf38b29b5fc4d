package chat.server.chat;

/** What a request id tells by itself. */
final class RequestIds {
  private static final long HOUR_MICROS = 60L * 60 * 1_000_000;

  /** From what age on a UUIDv7 that is not remembered is refused: 24 hours. */
  private static final long TOO_OLD_MICROS = 24 * HOUR_MICROS;

  /**
   * How long request ids are remembered, by logged time. The age of a UUIDv7 is told by the clock
   * of the client that made it: the hour more is how far that may be ahead of ours without a time
   * in which an id is no longer remembered and not yet too old, so that it would be applied again.
   */
  static final long REMEMBERED_MICROS = TOO_OLD_MICROS + HOUR_MICROS;

  private RequestIds() {}

  /**
   * Whether it is a UUIDv7 (RFC 9562) from before what is remembered at a time: whether it was
   * applied then can no longer be told.
   */
  static boolean tooOld(String requestId, long nowMicros) {
    if (requestId.length() != 36
        || requestId.charAt(8) != '-'
        || requestId.charAt(13) != '-'
        || requestId.charAt(14) != '7') {
      return false;
    }
    long millis = 0;
    for (int i = 0; i < 13; i++) {
      if (i != 8) {
        int digit = Character.digit(requestId.charAt(i), 16);
        if (digit < 0) {
          return false;
        }
        millis = millis << 4 | digit;
      }
    }
    return millis * 1000 <= nowMicros - TOO_OLD_MICROS;
  }
}
