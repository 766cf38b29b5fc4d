package chat.server.replication;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/** A server's disk: what was forced survives a crash, what was only written may or may not. */
final class SimulatedDisk {
  final String id;
  HardState hard;
  private final List<Entry> durable = new ArrayList<>();
  private long durableCommit;
  private final List<Entry> written = new ArrayList<>();
  private long writtenCommit;

  SimulatedDisk(String id, View unborn) {
    this.id = id;
    this.hard = HardState.empty(unborn);
  }

  void write(long truncateAfter, List<Entry> entries, long commitIndex) {
    if (truncateAfter >= 0) {
      if (truncateAfter < durableCommit) {
        throw new InvariantViolation(
            "the disk's log has " + durableCommit + " committed, cut after " + truncateAfter);
      }
      written.subList((int) truncateAfter, written.size()).clear();
    }
    for (Entry e : entries) {
      if (e.index() != written.size() + 1) {
        throw new InvariantViolation("appending " + e + " to " + written.size() + " entries");
      }
      written.add(e);
    }
    writtenCommit = Math.max(writtenCommit, Math.min(commitIndex, written.size()));
  }

  void force() {
    durable.clear();
    durable.addAll(written);
    durableCommit = writtenCommit;
  }

  /** What is not forced is kept up to some point, or lost. */
  void crash(RandomGenerator random) {
    int common = 0;
    while (common < durable.size()
        && common < written.size()
        && durable.get(common).equals(written.get(common))) {
      common++;
    }
    boolean truncated = common < durable.size();
    List<Entry> kept = new ArrayList<>(durable);
    if (truncated ? random.nextBoolean() : written.size() > durable.size()) {
      int end = common + random.nextInt(written.size() - common + 1);
      kept = new ArrayList<>(written.subList(0, end));
      // A commit index travels with the entries it was written with; it is never ahead of them.
    }
    durable.clear();
    durable.addAll(kept);
    written.clear();
    written.addAll(kept);
    writtenCommit = durableCommit;
  }

  Replica.RestoredLog restore() {
    LogPosition committed =
        durableCommit == 0 ? LogPosition.START : durable.get((int) durableCommit - 1).position();
    return new Replica.RestoredLog(
        committed, List.copyOf(durable.subList((int) durableCommit, durable.size())));
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

  LogPosition position(long index) {
    return index == 0 ? LogPosition.START : written.get((int) index - 1).position();
  }

  int length() {
    return written.size();
  }
}
