package chat.server.runtime;

import chat.server.replication.Entry;
import chat.server.replication.HardState;
import chat.server.replication.LogPosition;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A server's log and hard state in memory, which knows what is on the disk for certain, writes down
 * in what order it is used, and can fail or lie. Thread-safe.
 */
class FakeDisk implements ReplicatedLog, HardStateStore {
  /** What goes wrong. */
  enum Fault {
    NONE,
    APPEND_FAILS,
    SYNC_FAILS,
    STORE_FAILS,
    /** Says it has forced the log and has not: as if nobody had called it. */
    SYNC_LIES,
    /** The same for the hard state. */
    STORE_LIES
  }

  private final List<Entry> entries = new ArrayList<>();
  private final List<String> calls = new ArrayList<>();
  private int durable;
  private long writtenCommit;
  private long durableCommit;
  private HardState hardState;
  private Fault fault = Fault.NONE;
  private boolean failed;
  private int callsAfterFailure;

  FakeDisk(HardState hardState) {
    this.hardState = hardState;
  }

  synchronized void breakDown(Fault how) {
    fault = how;
  }

  synchronized boolean hasFailed() {
    return failed;
  }

  /** How often it was written to after a write had failed. */
  synchronized int callsAfterFailure() {
    return callsAfterFailure;
  }

  /** What was called, and what was sent, in order. */
  synchronized List<String> calls() {
    return List.copyOf(calls);
  }

  synchronized void note(String call) {
    calls.add(call);
  }

  /** Up to where the log is on the disk. */
  synchronized long durableIndex() {
    return durable;
  }

  /** The commands of the log, in order. */
  synchronized List<byte[]> payloads() {
    return entries.stream().map(Entry::payload).toList();
  }

  /** What a crash would leave. */
  synchronized HardState storedState() {
    return hardState;
  }

  private void call(String what, Fault failing) throws IOException {
    calls.add(what);
    if (failed) {
      callsAfterFailure++;
    }
    if (fault == failing) {
      failed = true;
      throw new IOException("the disk failed: " + what);
    }
  }

  @Override
  public synchronized void append(List<Entry> added, long commitIndex) throws IOException {
    call("append to " + (entries.size() + added.size()), Fault.APPEND_FAILS);
    for (Entry entry : added) {
      if (!entry.follows(last())) {
        throw new IllegalArgumentException(entry + " after " + last());
      }
      entries.add(entry);
    }
    writtenCommit = Math.max(writtenCommit, Math.min(commitIndex, entries.size()));
  }

  @Override
  public synchronized void sync() throws IOException {
    call("sync", Fault.SYNC_FAILS);
    if (fault != Fault.SYNC_LIES) {
      durable = entries.size();
      durableCommit = writtenCommit;
    }
  }

  @Override
  public synchronized void truncateAfter(long index) throws IOException {
    call("truncate after " + index, Fault.APPEND_FAILS);
    entries.subList((int) index, entries.size()).clear();
    durable = Math.min(durable, entries.size());
  }

  @Override
  public synchronized void store(HardState state) throws IOException {
    call("store", Fault.STORE_FAILS);
    if (fault != Fault.STORE_LIES) {
      hardState = state;
    }
  }

  @Override
  public synchronized Optional<HardState> load() {
    return Optional.of(hardState);
  }

  @Override
  public synchronized LogPosition last() {
    return entries.isEmpty() ? LogPosition.START : entries.get(entries.size() - 1).position();
  }

  @Override
  public synchronized long recordedCommitIndex() {
    return durableCommit;
  }

  @Override
  public long firstIndex() {
    return 1;
  }

  @Override
  public List<Extent> extents() {
    return List.of(new Extent(1, 1));
  }

  @Override
  public void trimBefore(long index) throws IOException {
    throw new IllegalStateException("there is one piece only");
  }

  @Override
  public synchronized List<Entry> read(long afterIndex, long upToIndex, int bytesMax) {
    return List.copyOf(
        entries.subList((int) afterIndex, (int) Math.min(upToIndex, entries.size())));
  }

  @Override
  public synchronized Optional<LogPosition> position(long index) {
    if (index == 0) {
      return Optional.of(LogPosition.START);
    }
    return index <= entries.size()
        ? Optional.of(entries.get((int) index - 1).position())
        : Optional.empty();
  }

  @Override
  public void close() {}
}
