package chat.server.replication;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The invariants of the design, checked after every step of every server: what is acknowledged
 * stays in every later acting view; acknowledging views never go back; one successor a base; equal
 * logs at equal commit indexes; reads see what was acknowledged before they began; views and
 * promises on a disk never go back.
 */
final class SafetyChecker {
  private final List<LogPosition> acknowledged = new ArrayList<>();
  private final Map<Long, LogPosition> committed = new HashMap<>();
  private final Map<Epoch, Epoch> baseOf = new HashMap<>();
  private final Map<Epoch, View> successorOf = new HashMap<>();
  private final Map<Long, Integer> readStart = new HashMap<>();
  private final Set<Epoch> views = new HashSet<>();
  private Epoch acknowledging = Epoch.ZERO;

  /** How many views were installed anywhere. */
  int viewCount() {
    return views.size();
  }

  int acknowledgedCount() {
    return acknowledged.size();
  }

  /**
   * The acting primary of {@code view} tells clients that all up to {@code index} is accepted.
   *
   * @param from up to where this process was checked before
   * @return up to where it is checked now
   */
  long acknowledged(ServerId by, View view, long from, long index, SimulatedDisk disk) {
    for (long i = from; i < Math.min(index, acknowledged.size()); i++) {
      if (!disk.position(i + 1).equals(acknowledged.get((int) i))) {
        throw new InvariantViolation(
            "server "
                + by
                + " in "
                + view
                + " has "
                + disk.position(i + 1)
                + " where "
                + acknowledged.get((int) i)
                + " was acknowledged");
      }
    }
    if (index > acknowledged.size()) {
      if (acknowledging.isAfter(view.ballot())) {
        throw new InvariantViolation(
            "two primaries: " + by + " acknowledges in " + view + " after " + acknowledging);
      }
      acknowledging = view.ballot();
      for (long i = acknowledged.size() + 1L; i <= index; i++) {
        acknowledged.add(disk.position(i));
      }
    }
    return Math.max(from, index);
  }

  /** A server begins to act: everything acknowledged is in its log. */
  void acts(ServerId by, View view, SimulatedDisk disk) {
    if (acknowledging.isAfter(view.ballot())) {
      return; // A late activation of an excluded primary: it can acknowledge nothing.
    }
    for (int i = 0; i < acknowledged.size(); i++) {
      if (disk.length() <= i || !disk.position(i + 1L).equals(acknowledged.get(i))) {
        throw new InvariantViolation(
            "server "
                + by
                + " acts in "
                + view
                + " without "
                + acknowledged.get(i)
                + ", which was acknowledged");
      }
    }
  }

  void commits(ServerId by, long from, long to, SimulatedDisk disk) {
    if (to > disk.length()) {
      throw new InvariantViolation(
          "server " + by + " commits up to " + to + ", but its log ends at " + disk.length());
    }
    for (long i = from + 1; i <= to; i++) {
      LogPosition position = disk.position(i);
      LogPosition other = committed.putIfAbsent(i, position);
      if (other != null && !other.equals(position)) {
        throw new InvariantViolation(
            "server " + by + " commits " + position + " where another committed " + other);
      }
    }
  }

  void sends(Message message) {
    if (message instanceof Message.AcceptRequest m) {
      baseOf.put(m.value().view().ballot(), m.base());
    }
  }

  void stores(ServerId by, HardState before, HardState after) {
    boolean viewBack = before.view().ballot().isAfter(after.view().ballot());
    boolean sameView = before.view().ballot().equals(after.view().ballot());
    int base = before.promisedBase().compareTo(after.promisedBase());
    boolean promiseBack =
        sameView
            && (base > 0 || (base == 0 && before.promisedBallot().isAfter(after.promisedBallot())));
    if (viewBack || promiseBack) {
      throw new InvariantViolation("server " + by + " goes back from " + before + " to " + after);
    }
    views.add(after.view().ballot());
    Epoch root = baseOf.get(after.view().ballot());
    if (!sameView && root != null) {
      View other = successorOf.putIfAbsent(root, after.view());
      if (other != null && !other.equals(after.view())) {
        throw new InvariantViolation(
            "two successors of " + root + ": " + other + " and " + after.view());
      }
    }
  }

  void readBegins(long id) {
    readStart.put(id, acknowledged.size());
  }

  void readServed(ServerId by, Ready.Read read) {
    Integer start = readStart.get(read.id());
    if (start == null || read.index() < start) {
      throw new InvariantViolation(
          "stale read at server "
              + by
              + ": "
              + read
              + " began when "
              + start
              + " were acknowledged");
    }
  }
}
