package chat.client.chaos;

import java.util.List;
import java.util.Locale;

/**
 * One fault, as the schedule has it. Who it strikes is said by rank, so that a schedule means the
 * same whoever happens to be primary: 0 is the primary at that time, 1 its backup with the lowest
 * number, and so on.
 *
 * @param offsetMillis from the beginning of its step
 * @param holdMillis how long it lasts
 * @param detail what more there is to be decided by chance
 */
record Fault(FaultKind kind, List<Integer> ranks, long offsetMillis, long holdMillis, long detail) {
  /** Up to here nobody need have noticed. */
  private static final long SHORT_MILLIS = 1500;

  Fault {
    ranks = List.copyOf(ranks);
  }

  /** What is struck and how, to sum up by. */
  String label(int size) {
    String how = kind == FaultKind.STOP ? (isShort() ? " shortly" : " long") : "";
    return kind.words() + " " + whom(size) + how;
  }

  private boolean isShort() {
    return holdMillis < SHORT_MILLIS;
  }

  private String whom(int size) {
    if (kind == FaultKind.FULL_DISK) {
      return "a server";
    }
    if (ranks.size() == size) {
      return "all";
    }
    boolean primary = ranks.contains(0);
    int backups = ranks.size() - (primary ? 1 : 0);
    String others = backups == 1 ? "backup" : backups + " backups";
    return primary ? "primary" + (backups == 0 ? "" : " and " + others) : others;
  }

  /** Whether those who are left must serve before it is over. */
  boolean isServedMeanwhile(int size) {
    return switch (kind) {
      // Crashes are proven: whoever is left goes on.
      case KILL -> ranks.size() < size;
      case STOP, CUT, DEAF, MUTE -> !isShort() && 2 * ranks.size() < size;
      case LINK, FULL_DISK, TORN_LOG, FLIPPED_BIT, STORM -> true;
      case WORSEN, REJECT -> false;
    };
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT, "%+d ms %s %s for %d ms", offsetMillis, kind.words(), ranks, holdMillis);
  }
}
