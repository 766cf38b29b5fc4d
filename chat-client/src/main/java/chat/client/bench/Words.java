package chat.client.bench;

import java.util.Locale;

/** Names as they are written on the command line. */
final class Words {
  private Words() {}

  static String lower(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }
}
