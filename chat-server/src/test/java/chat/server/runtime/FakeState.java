package chat.server.runtime;

import chat.server.chat.Outcome;
import chat.server.replication.Entry;
import chat.server.replication.LogPosition;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;

/** Counts what is applied to it. */
final class FakeState implements AppliedState {
  private volatile LogPosition position = LogPosition.START;
  private volatile boolean failing;
  private volatile boolean failingCheckpoint;
  private final Semaphore writesHeld = new Semaphore(1);
  private volatile long writtenIndex;

  private final long safeIndex;

  FakeState() {
    this(0);
  }

  FakeState(long safeIndex) {
    this.safeIndex = safeIndex;
  }

  void failToApply() {
    failing = true;
  }

  void failToCheckpoint() {
    failingCheckpoint = true;
  }

  @Override
  public LogPosition position() {
    return position;
  }

  @Override
  public List<Applied> apply(List<Entry> entries) {
    if (failing) {
      throw new IllegalStateException("the database failed");
    }
    List<Applied> applied = new ArrayList<>();
    for (Entry entry : entries) {
      if (!entry.follows(position)) {
        throw new IllegalStateException(entry + " after " + position);
      }
      position = entry.position();
      applied.add(new Applied(position, null, new Outcome.Nothing()));
    }
    return applied;
  }

  /** From now on the database takes what is applied only after {@link #letWrite}. */
  void holdWrites() {
    writesHeld.drainPermits();
  }

  void letWrite() {
    writesHeld.release();
  }

  long writtenIndex() {
    return writtenIndex;
  }

  @Override
  public void write() {
    writesHeld.acquireUninterruptibly();
    writtenIndex = position.index();
    writesHeld.release();
  }

  @Override
  public long safeIndex() {
    return safeIndex;
  }

  @Override
  public void checkpointIfDue() {
    if (failingCheckpoint) {
      throw new IllegalStateException("the checkpoint failed");
    }
  }

  @Override
  public void close() {}
}
