package chat.server.storage;

import chat.server.chat.Account;
import chat.server.chat.SessionRecord;

/**
 * A hash of one row, 64 bits: it finds what a broken file makes of it by accident, not forgery.
 * Stateless.
 */
final class RowHash {
  private RowHash() {}

  static long of(Account a) {
    long hash = add(add(1, a.id()), a.username());
    hash = add(add(hash, a.passwordHash()), a.createRequestId());
    return add(add(add(hash, a.createdMicros()), a.acknowledgedId()), a.deleted() ? 1 : 0);
  }

  static long of(SessionRecord s) {
    long hash = add(add(add(2, s.token()), s.accountId()), s.state().code());
    hash = add(add(hash, s.expireTimeMicros()), s.touchedMicros());
    return add(add(add(add(hash, s.streamId()), s.reign()), s.requestId()), s.discarded());
  }

  static long ofMessage(
      long id,
      long senderId,
      long recipientId,
      long sentMicros,
      boolean live,
      String text,
      long senderBefore,
      long recipientBefore) {
    long hash = add(add(add(3, id), senderId), recipientId);
    hash = add(add(add(hash, sentMicros), live ? 1 : 0), text);
    return add(add(hash, senderBefore), recipientBefore);
  }

  static long ofMailbox(
      long accountId, long newest, long messages, long newestReceived, byte[] waiting) {
    long hash = add(add(add(add(5, accountId), newest), messages), newestReceived);
    for (byte b : waiting) {
      hash = add(hash, b);
    }
    return hash;
  }

  static long ofRequest(long accountId, String requestId, long messageId) {
    return add(ofKey(accountId, requestId), messageId);
  }

  /** Of the part of a row that an index has. */
  static long ofKey(long accountId, String requestId) {
    return add(add(4, accountId), requestId);
  }

  static long ofKey(long... numbers) {
    long hash = numbers.length;
    for (long number : numbers) {
      hash = add(hash, number);
    }
    return hash;
  }

  private static long add(long hash, long value) {
    return mix(hash * 31 + value);
  }

  private static long add(long hash, String text) {
    long h = text.length();
    for (int i = 0; i < text.length(); i++) {
      h = h * 0x9e3779b97f4a7c15L + text.charAt(i);
      h ^= h >>> 29;
    }
    return add(hash, h);
  }

  // The finalizer of splitmix64, as for the running hash of the log.
  private static long mix(long z) {
    long x = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    x = (x ^ (x >>> 27)) * 0x94d049bb133111ebL;
    return x ^ (x >>> 31);
  }
}
