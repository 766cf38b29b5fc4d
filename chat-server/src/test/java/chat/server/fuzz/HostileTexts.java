package chat.server.fuzz;

import java.util.Random;

/** Texts that broke something somewhere once. */
public final class HostileTexts {
  private static final String[] TEXTS = {
    "",
    " ",
    "\t\r\n",
    "\u0000",
    "a\u0000b",
    "'; DROP TABLE accounts; --",
    "' OR '1'='1",
    "\"; SHUTDOWN; --",
    "x' UNION SELECT password_hash FROM accounts --",
    "a\\",
    "%",
    "_",
    "%_%",
    "${jndi:ldap://127.0.0.1/a}",
    "{{7*7}}",
    "%s%n%1$s",
    "../../etc/passwd",
    "<script>alert(1)</script>",
    "\u001b[2J\u001b[31m",
    "\u001b]0;title\u0007",
    "\u009b31m",
    "\u0007\u0008\u007f",
    "\u202egnp.exe",
    "\u2066\u2067\u2068\u2069",
    "\u200b\u200c\u200d\u2060\ufeff",
    "\u200e\u200f\u061c",
    "\u2028\u2029\u0085",
    "\u0430lice",
    "ali\u200bce",
    "\u212a\u0130\u0131\u017f",
    "e\u0301 \u00e9",
    "\u05d0\u05d1 \u0627\u0628",
    "\ufdfd\ud808\udc2b",
    "\ud83d\udc69\u200d\ud83d\udc69\u200d\ud83d\udc67",
    "\ud834\udd73\ue000\ufffe\uffff\udbff\udfff",
    "Z\u0351\u0343\u036f\u035c\u0349",
    "*",
    "?",
    "**??**",
    "NULL",
    "null",
    "-1",
    "9223372036854775808",
    "1e999",
    "\u0661\u0662",
    "Bearer x"
  };

  private HostileTexts() {}

  /** One of them, or a long one, or a random one. */
  public static String any(Random dice) {
    return switch (dice.nextInt(12)) {
      case 0 -> "*a".repeat(dice.nextInt(70)) + "b";
      case 1 -> "?*".repeat(dice.nextInt(70)) + "*";
      case 2 -> "x".repeat(1 + dice.nextInt(200));
      case 3 -> dice.nextInt(8) == 0 ? "\u20ac".repeat(dice.nextInt(30_000)) : "name";
      case 4, 5 -> random(dice, 1 + dice.nextInt(40));
      default -> TEXTS[dice.nextInt(TEXTS.length)];
    };
  }

  /** Any characters at all, of all planes; no half ones, which no protocol buffer has. */
  public static String random(Random dice, int length) {
    StringBuilder text = new StringBuilder();
    for (int left = length; left > 0; left--) {
      int c = dice.nextBoolean() ? dice.nextInt(0x300) : dice.nextInt(0x110000);
      text.appendCodePoint(Character.getType(c) == Character.SURROGATE ? 0x2603 : c);
    }
    return text.toString();
  }
}
