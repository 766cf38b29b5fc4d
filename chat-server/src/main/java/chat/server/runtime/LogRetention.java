package chat.server.runtime;

import chat.server.replication.ServerId;
import chat.server.replication.Status;
import java.util.List;
import java.util.Map;

/**
 * How much of the log is kept. Entries go when nobody needs them: this server's database has them
 * safely, and so has the log of every configured server. A log that is over its limit waits no
 * longer for servers outside the view, which then need a snapshot; for members of the view, and for
 * the database, it waits whatever its size.
 *
 * @param bytesMax the limit, in bytes on the disk, at least 1
 */
public record LogRetention(long bytesMax) {
  /** 1 GiB. */
  public static final LogRetention DEFAULT = new LogRetention(1L << 30);

  /**
   * So many pieces stay in any case, the one that is written among them: for a server that is back
   * after a moment, or whose log's end is not that of the others.
   */
  static final int EXTENTS_KEPT = 2;

  public LogRetention {
    if (bytesMax < 1) {
      throw new IllegalArgumentException("a log of at most " + bytesMax + " bytes");
    }
  }

  /**
   * The index before which the log may be trimmed.
   *
   * @param extents of the log
   * @param safeIndex {@link AppliedState#safeIndex}
   * @param status where the logs of the others end, as far as known
   */
  public long trimBefore(List<ReplicatedLog.Extent> extents, long safeIndex, Status status) {
    long members = safeIndex;
    long everybody = safeIndex;
    for (ServerId member : status.view().members().keySet()) {
      Status.Server known = status.servers().get(member);
      members = Math.min(members, known == null ? 0 : known.durableIndex());
    }
    for (Map.Entry<ServerId, Status.Server> server : status.servers().entrySet()) {
      everybody = Math.min(everybody, server.getValue().durableIndex());
    }
    long before = Math.min(members, everybody) + 1;
    before = Math.max(before, Math.min(members + 1, beforeForSize(extents)));
    int kept = Math.max(0, extents.size() - EXTENTS_KEPT);
    return Math.min(before, extents.get(kept).firstIndex());
  }

  private long beforeForSize(List<ReplicatedLog.Extent> extents) {
    long bytes = extents.stream().mapToLong(ReplicatedLog.Extent::bytes).sum();
    int gone = 0;
    while (bytes > bytesMax && gone < extents.size() - 1) {
      bytes -= extents.get(gone++).bytes();
    }
    return extents.get(gone).firstIndex();
  }
}
