package chat.server.storage;

import chat.server.chat.ChatStateMachine;
import java.util.Locale;

/**
 * Up to where the request ids that clients make have grown. They are UUIDs of version 7 (RFC 9562),
 * which begin with the milliseconds since 1970 in hexadecimal, so ids of a time are less than those
 * of a later one, as strings. Others may be anything: an id beyond {@link #limit} of now is one
 * that no clock has made yet, and must not be taken for how far the ids have come.
 */
final class GrowingIds {
  /** How far a client's clock may be ahead, and its ids be packed. */
  static final long PACKED_AHEAD_MICROS = 2L * 60 * 1_000_000;

  /** Up to so far ahead, an id that is greater than its account's is known to be new. */
  static final long NEW_AHEAD_MICROS = 60L * 60 * 1_000_000;

  /**
   * Up to so far ahead, an id counts for its account's greatest. One beyond is forgotten before the
   * clock has come so near to it that {@link #NEW_AHEAD_MICROS} holds: hence an hour more.
   */
  static final long COUNTED_AHEAD_MICROS =
      ChatStateMachine.REMEMBERED_MICROS + 2 * NEW_AHEAD_MICROS;

  private static final int MILLIS_LOW_BITS = 16;

  private GrowingIds() {}

  /** Greater than every UUIDv7 made before a time, in the order of {@code compareTo}. */
  static String limit(long timeMicros) {
    long millis = timeMicros / 1_000 + 1;
    return String.format(
        Locale.ROOT,
        "%08x-%04x",
        millis >>> MILLIS_LOW_BITS,
        millis & ((1 << MILLIS_LOW_BITS) - 1));
  }
}
