package chat.server.chat;

/** What a request id tells by itself. */
final class RequestIds {
  /** How long request ids are remembered, by logged time: 24 hours. */
  static final long REMEMBERED_MICROS = 24L * 60 * 60 * 1_000_000;

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
    return millis * 1000 < nowMicros - REMEMBERED_MICROS;
  }
}
