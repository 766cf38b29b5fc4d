package chat.client;

import org.jspecify.annotations.Nullable;

/**
 * Why no call will succeed until somebody changes something: what the last look for servers found.
 * It is forgotten when a primary is found, and does not come back when that one dies: whoever lets
 * us in once is waited for. Thread-safe.
 */
final class Misfit {
  private record Found(ChatException why, int primariesBefore) {}

  private volatile @Nullable Found found;

  /**
   * A look has ended.
   *
   * @param why null if nothing is wrong, or if it is not known
   * @param primariesBefore how many primaries had been found when it began
   */
  void looked(@Nullable ChatException why, int primariesBefore) {
    found = why == null ? null : new Found(why, primariesBefore);
  }

  /**
   * What is wrong, or null.
   *
   * @param primaries how many primaries have been found by now
   */
  @Nullable ChatException why(int primaries) {
    Found last = found;
    return last == null || last.primariesBefore() != primaries ? null : last.why();
  }
}
