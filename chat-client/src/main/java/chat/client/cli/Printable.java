package chat.client.cli;

/**
 * Makes texts of others harmless: what could move the cursor, change colours, reverse the reading
 * direction or start a line of its own is shown as an escape.
 */
final class Printable {
  private Printable() {}

  static String escape(String text) {
    StringBuilder out = null;
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      int length = Character.charCount(c);
      if (isHarmless(c)) {
        if (out != null) {
          out.appendCodePoint(c);
        }
      } else {
        if (out == null) {
          out = new StringBuilder(text.length() + 8).append(text, 0, i);
        }
        out.append(escape(c));
      }
      i += length;
    }
    return out == null ? text : out.toString();
  }

  private static boolean isHarmless(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SURROGATE,
          Character.UNASSIGNED,
          Character.PRIVATE_USE ->
          false;
      // Joiners are part of writing and of emoji; the other formats turn the line around or hide.
      case Character.FORMAT -> c == 0x200C || c == 0x200D;
      default -> !isBlankLetter(c);
    };
  }

  /** Letters and marks that show nothing at all: fillers of Hangul, a joiner, two of Khmer. */
  private static boolean isBlankLetter(int c) {
    return switch (c) {
      case 0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0 -> true;
      default -> false;
    };
  }

  private static String escape(int c) {
    return switch (c) {
      case '\n' -> "\\n";
      case '\r' -> "\\r";
      case '\t' -> "\\t";
      default -> String.format("\\u{%x}", c);
    };
  }
}
