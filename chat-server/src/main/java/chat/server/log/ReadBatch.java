package chat.server.log;

import chat.server.replication.Entry;
import java.util.ArrayList;
import java.util.List;

/** Entries being collected for one read, and its bounds. One thread's. */
final class ReadBatch {
  private final long upToIndex;
  private final long bytesMax;
  private final List<Entry> entries = new ArrayList<>();
  private long bytes;
  private boolean full;

  ReadBatch(long upToIndex, long bytesMax) {
    this.upToIndex = upToIndex;
    this.bytesMax = bytesMax;
  }

  /** Whether an entry still belongs in; the first always does. Once one does not, none does. */
  boolean takes(long index, int payloadBytes) {
    full |= index > upToIndex || (!entries.isEmpty() && bytes + payloadBytes > bytesMax);
    return !full;
  }

  void add(Entry entry) {
    entries.add(entry);
    bytes += entry.payload().length;
  }

  boolean isFull() {
    return full;
  }

  int size() {
    return entries.size();
  }

  List<Entry> entries() {
    return entries;
  }
}
