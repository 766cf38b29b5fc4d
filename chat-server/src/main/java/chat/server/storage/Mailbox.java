package chat.server.storage;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What is known of an account's messages. Written by one thread at a time, read by any; what
 * belongs together is taken under its lock.
 */
final class Mailbox {
  /** Ids in one row; one of a full inbox has several. */
  private static final int ROW_IDS = 50_000;

  private final long accountId;
  private final UndeliveredIds waiting = new UndeliveredIds();
  private volatile long newest;
  private volatile long messages;
  private volatile long newestReceived;
  private boolean changed;

  /**
   * A mailbox as the database has it, at one moment.
   *
   * @param waiting ids of undelivered messages in parts, one a row: the distances from each to the
   *     next as {@link Varint}s
   */
  record Rows(
      long accountId, long newest, long messages, long newestReceived, List<byte[]> waiting) {
    /** About how much that is. */
    int bytes() {
      return 64 + waiting.stream().mapToInt(part -> part.length).sum();
    }
  }

  Mailbox(long accountId) {
    this.accountId = accountId;
  }

  /** The newest message that it sent or received; 0 if there is none. */
  long newest() {
    return newest;
  }

  /** How many it sent or received. */
  long messages() {
    return messages;
  }

  /** The newest that it received, delivered or not; 0 if there is none. */
  long newestReceived() {
    return newestReceived;
  }

  int undelivered() {
    return waiting.size();
  }

  /** Undelivered ones after an id, ascending. */
  long[] undelivered(long after, int limit) {
    return waiting.after(after, limit);
  }

  void dropUndelivered(long upToId) {
    waiting.dropUpTo(upToId);
  }

  /**
   * Adds a message that the account sent or received, newer than all before.
   *
   * @return whether it is the first change since {@link #take}
   */
  synchronized boolean add(long id, boolean isReceived, boolean waits) {
    newest = id;
    messages = messages + 1;
    if (isReceived) {
      newestReceived = id;
    }
    if (waits) {
      waiting.add(id);
    }
    boolean isFirst = !changed;
    changed = true;
    return isFirst;
  }

  synchronized long digest() {
    long digest = (newest * 1_000_003 + messages) * 1_000_003 + newestReceived;
    return digest * 1_000_003 + Arrays.hashCode(waiting.after(0, Integer.MAX_VALUE));
  }

  /** What goes into the database; what changes from now on is a change again. */
  synchronized Rows take() {
    changed = false;
    return new Rows(accountId, newest, messages, newestReceived, parts());
  }

  /** Takes in a row of the database; those of one mailbox in their order. */
  synchronized void restore(long newestId, long count, long newestReceivedId, byte[] part) {
    newest = newestId;
    messages = count;
    newestReceived = newestReceivedId;
    ByteBuffer in = ByteBuffer.wrap(part);
    long id = 0;
    while (in.hasRemaining()) {
      id += Varint.get(in);
      waiting.add(id);
    }
  }

  /** At least one, which may be empty. */
  private List<byte[]> parts() {
    long[] ids = waiting.after(0, Integer.MAX_VALUE);
    List<byte[]> parts = new ArrayList<>();
    for (int from = 0; from == 0 || from < ids.length; from += ROW_IDS) {
      int to = Math.min(ids.length, from + ROW_IDS);
      ByteBuffer part = ByteBuffer.allocate((to - from) * Varint.BYTES_MAX);
      long before = 0;
      for (int i = from; i < to; i++) {
        Varint.put(part, ids[i] - before);
        before = ids[i];
      }
      byte[] bytes = new byte[part.flip().remaining()];
      part.get(bytes);
      parts.add(bytes);
    }
    return parts;
  }
}
