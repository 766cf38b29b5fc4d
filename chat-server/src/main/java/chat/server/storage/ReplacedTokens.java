package chat.server.storage;

import java.util.ArrayDeque;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Tokens of sessions that were taken over so long ago that the state has forgotten them. Who still
 * has one is told what became of it, and not that there never was such a session. No part of the
 * state, only a better word where there would be a worse one: it ends with the process, and the
 * oldest are forgotten. Written by the apply thread alone.
 */
final class ReplacedTokens {
  static final int KEPT_MAX = 10_000;

  private final Map<String, Long> accounts = new ConcurrentHashMap<>();
  private final ArrayDeque<String> oldestFirst = new ArrayDeque<>();

  void add(String token, long accountId) {
    if (accounts.put(token, accountId) == null) {
      oldestFirst.addLast(token);
    }
    if (oldestFirst.size() > KEPT_MAX) {
      accounts.remove(oldestFirst.removeFirst());
    }
  }

  /** From any thread: the account that it was of; 0 if it is not known. */
  long accountOf(String token) {
    return accounts.getOrDefault(token, 0L);
  }
}
