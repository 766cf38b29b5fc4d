package chat.client.cli;

/** Phrases that more than one command says. */
final class Words {
  private Words() {}

  static String messages(int count) {
    return count == 1 ? "1 message" : count + " messages";
  }

  static String waiting(int undelivered) {
    return switch (undelivered) {
      case 0 -> "no unread messages";
      case 1 -> "1 unread message";
      default -> undelivered + " unread messages";
    };
  }
}
