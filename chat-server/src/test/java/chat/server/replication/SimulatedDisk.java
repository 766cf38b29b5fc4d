package chat.server.replication;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * A server's disk: what was forced survives a crash, what was only written may or may not. A torn
 * record counts as not written: the log cuts it off at start.
 */
final class SimulatedDisk {
  final String id;
  HardState hard;

  /** How long a force takes, in nanoseconds; 0: what comes meanwhile need not be told apart. */
  long forceNanos;

  /** Until when no force comes to an end, in virtual time. */
  long hangsUntil;

  /** Whether writing fails. */
  boolean full;

  final SimulatedDatabase database;
  private final List<Entry> written = new ArrayList<>();
  private long writtenCommit;

  /** The log as of the last force, from {@link #unchanged} on; what is before is as written. */
  private final List<Entry> forcedTail = new ArrayList<>();

  private int unchanged;
  private long durableCommit;

  SimulatedDisk(String id, View unborn) {
    this(id, HardState.empty(unborn), new SimulatedDatabase());
  }

  private SimulatedDisk(String id, HardState hard, SimulatedDatabase database) {
    this.id = id;
    this.hard = hard;
    this.database = database;
  }

  /** What a copy made now would hold. */
  SimulatedDisk copy() {
    SimulatedDisk copy = new SimulatedDisk(id, hard, database.copy());
    copy.written.addAll(written.subList(0, unchanged));
    copy.written.addAll(forcedTail);
    copy.unchanged = copy.written.size();
    copy.durableCommit = durableCommit;
    copy.writtenCommit = durableCommit;
    return copy;
  }

  void write(long truncateAfter, List<Entry> entries, long commitIndex) {
    if (truncateAfter >= 0) {
      if (truncateAfter < durableCommit) {
        throw new InvariantViolation(
            "the disk's log has " + durableCommit + " committed, cut after " + truncateAfter);
      }
      int keep = (int) truncateAfter;
      if (keep < unchanged) {
        forcedTail.addAll(0, written.subList(keep, unchanged));
        unchanged = keep;
      }
      written.subList(keep, written.size()).clear();
    }
    for (Entry e : entries) {
      if (e.index() != written.size() + 1) {
        throw new InvariantViolation("appending " + e + " to " + written.size() + " entries");
      }
      if (!written.isEmpty() && written.get(written.size() - 1).epoch().isAfter(e.epoch())) {
        throw new InvariantViolation(
            "appending " + e + " after " + written.get(written.size() - 1));
      }
      written.add(e);
    }
    writtenCommit = Math.max(writtenCommit, Math.min(commitIndex, written.size()));
  }

  void force() {
    forcedTail.clear();
    unchanged = written.size();
    durableCommit = writtenCommit;
  }

  /** What is not forced is kept up to some point, or lost. */
  void crash(RandomGenerator random) {
    boolean truncated = !forcedTail.isEmpty();
    boolean appended = written.size() > unchanged;
    if (truncated ? random.nextBoolean() : appended) {
      int end = unchanged + random.nextInt(written.size() - unchanged + 1);
      written.subList(end, written.size()).clear();
      // A commit index travels with the entries it was written with; it is never ahead of them.
    } else {
      written.subList(unchanged, written.size()).clear();
      written.addAll(forcedTail);
    }
    forcedTail.clear();
    unchanged = written.size();
    writtenCommit = durableCommit;
    database.crash();
  }

  /** What a start finds; what the database has applied was committed, recorded or not (R18). */
  Replica.RestoredLog restore() {
    database.checkAgainst(this);
    long committed = Math.max(durableCommit, database.appliedIndex());
    durableCommit = committed;
    writtenCommit = committed;
    return new Replica.RestoredLog(
        position(committed), List.copyOf(written.subList((int) committed, written.size())));
  }

  /** Reads as the log does: what was written is seen. */
  List<Entry> read(LogPosition after, long upTo, int max) {
    int from = (int) after.index();
    int to = (int) Math.min(upTo, written.size());
    if (from >= to || (from > 0 && !written.get(from - 1).position().equals(after))) {
      return List.of();
    }
    return List.copyOf(written.subList(from, Math.min(to, from + max)));
  }

  Entry entry(long index) {
    return written.get((int) index - 1);
  }

  LogPosition position(long index) {
    return index == 0 ? LogPosition.START : written.get((int) index - 1).position();
  }

  int length() {
    return written.size();
  }
}
