package chat.server.api;

/**
 * How often one account or one address may do what costs others something. Immutable.
 *
 * @param messagesPerSecond messages of one account a second; 0: as many as it likes
 * @param messagesBurst messages of one account at once, before that rate counts
 * @param accountsPerMinute accounts made from one address a minute; 0: as many as it likes
 * @param accountsBurst accounts made from one address at once, before that rate counts
 * @param loginFailuresFree wrong passwords for one account from one address that cost no wait; 0:
 *     none ever does
 */
public record Throttling(
    int messagesPerSecond,
    int messagesBurst,
    int accountsPerMinute,
    int accountsBurst,
    int loginFailuresFree) {

  /**
   * What the flags say by default: no person and no benchmark comes near it, a program that has
   * gone wild does.
   */
  public static final Throttling DEFAULT = new Throttling(50_000, 50_000, 60, 1_000, 5);

  /** Refuses bounds that would let nothing through. */
  public Throttling {
    if (messagesPerSecond < 0 || accountsPerMinute < 0 || loginFailuresFree < 0) {
      throw new IllegalArgumentException("a negative rate: 0 stands for none");
    }
    if (messagesBurst < 1 || accountsBurst < 1) {
      throw new IllegalArgumentException("a burst must be at least 1");
    }
  }
}
