package chat.server.replication;

import java.util.Collection;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/**
 * The decisions that safety hangs on, each in one place and without state, so that a test can break
 * one of them and show what it is for. Nothing in the product overrides any.
 */
class ViewRules {
  /** A promise as the candidate got it, and the incarnation that gave it. */
  record Given(Incarnation incarnation, String diskId, Message.Promise promise) {}

  /**
   * R2: everything up to the smallest of the durable indexes is acknowledged.
   *
   * @param own the primary's own durable index
   * @param others those of all other members of the view
   */
  long committed(long own, Collection<Long> others) {
    long committed = own;
    for (long other : others) {
      committed = Math.min(committed, other);
    }
    return committed;
  }

  /** R4: the members whose echo is missing are no majority of the view. */
  boolean holdsLease(int viewSize, int missing) {
    return missing * 2 <= viewSize;
  }

  /** R4: whether T_X has passed since the last echo. */
  boolean exclusionTimePassed(long sinceEcho, long exclusionTimeout) {
    return sinceEcho >= exclusionTimeout;
  }

  /**
   * R5: only a member that has not restarted since the base began has a vote.
   *
   * @param incarnation it runs under
   * @param installed the ballot of the view that it has installed
   */
  boolean votes(View base, ServerId id, Incarnation incarnation, Epoch installed) {
    return installed.equals(base.ballot()) && base.names(id, incarnation);
  }

  /**
   * Whether whoever comes in accepts a view before any member of its base does. What a member has
   * accepted must be proposed again, and so installed and waited for, if one that comes in is too
   * slow to fetch what it lacks or is lost on the way.
   */
  boolean newcomersAcceptFirst() {
    return true;
  }

  /** R8: whether this is the disk that the server is known by; another one holds nothing. */
  boolean isKnownDisk(Cluster cluster, ServerId id, String diskId) {
    return !cluster.isBorn() || diskId.equals(cluster.disks().get(id));
  }

  /**
   * R4 and R6: whether these participants, all of whom have promised, may decide what follows the
   * base.
   */
  boolean mayDecide(View base, SortedMap<ServerId, Given> promises) {
    if (base.ballot().equals(Epoch.ZERO) && base.cluster().isBorn()) {
      return false; // Of a lineage that another began: who learns it is a member of nothing.
    }
    Set<ServerId> voters = new HashSet<>();
    Set<ServerId> proven = new HashSet<>();
    Set<ServerId> provenUnderLease = new HashSet<>();
    int present = 0;
    for (Map.Entry<ServerId, Given> e : promises.entrySet()) {
      if (base.has(e.getKey()) && isKnownDisk(base.cluster(), e.getKey(), e.getValue().diskId())) {
        present++;
        Message.Promise promise = e.getValue().promise();
        if (votes(base, e.getKey(), e.getValue().incarnation(), promise.installed())) {
          voters.add(e.getKey());
        }
        proven.addAll(promise.proven());
        provenUnderLease.addAll(promise.provenUnderLease());
      }
    }
    boolean majority = voters.size() * 2 > base.size();
    return majority
        || present == base.size()
        || survivorsMayDecide(base, voters, proven, provenUnderLease);
  }

  /**
   * Q2: every other member is proven crashed, and those not proven under a lease are no majority,
   * which could have gone on without the survivors before it crashed.
   */
  boolean survivorsMayDecide(
      View base, Set<ServerId> voters, Set<ServerId> proven, Set<ServerId> provenUnderLease) {
    int withoutLease = 0;
    for (ServerId member : base.members().keySet()) {
      if (!voters.contains(member)) {
        if (!proven.contains(member)) {
          return false;
        }
        if (!provenUnderLease.contains(member)) {
          withoutLease++;
        }
      }
    }
    return !voters.isEmpty() && withoutLease * 2 <= base.size();
  }

  /**
   * R3: a member of a base promises in it once it has installed it. Else it could neither vote
   * there, nor go back to the base's own base, nor install the base any more once it has accepted.
   */
  boolean mayPromiseIn(View base, ServerId id, Epoch installed) {
    return !base.has(id) || !base.ballot().isAfter(installed);
  }

  /** R3: whether a member that has promised a newer view still echoes in this one. */
  boolean echoes(boolean promisedNewer) {
    return !promisedNewer;
  }

  /** R3: whether a value is chosen, and its view may be installed. */
  boolean isChosen(Set<ServerId> participants, Set<ServerId> accepted) {
    return accepted.equals(participants);
  }

  /** R3: the value that must be proposed again: the one accepted in the highest ballot. */
  HardState.@Nullable Accepted mustAdopt(Epoch base, Collection<Given> promises) {
    HardState.Accepted highest = null;
    for (Given given : promises) {
      HardState.Accepted accepted = given.promise().accepted();
      if (accepted != null
          && accepted.base().equals(base)
          && (highest == null || accepted.ballot().isAfter(highest.ballot()))) {
        highest = accepted;
      }
    }
    return highest;
  }

  /** R12: positive if {@code a} is the newer log: a later view first, then the longer one. */
  int compareLogs(Message.Promise a, Message.Promise b) {
    int views = a.installed().compareTo(b.installed());
    return views != 0 ? views : Long.compare(a.end().index(), b.end().index());
  }

  /** R12: the base's member with the newest log; of equal ones {@code self}, if it is one. */
  ServerId newestLog(View base, SortedMap<ServerId, Given> promises, ServerId self) {
    ServerId newest = null;
    Message.Promise best = null;
    for (Map.Entry<ServerId, Given> e : promises.entrySet()) {
      if (base.has(e.getKey())) {
        Message.Promise promise = e.getValue().promise();
        int order = best == null ? 1 : compareLogs(promise, best);
        if (order > 0 || (order == 0 && e.getKey().equals(self))) {
          newest = e.getKey();
          best = promise;
        }
      }
    }
    if (newest == null) {
      throw new InvariantViolation("no member of " + base + " among " + promises.keySet());
    }
    return newest;
  }

  /** R4: whether evidence about one start of a server says anything of the start a view names. */
  boolean isAbout(Incarnation evidence, Incarnation named) {
    return evidence.equals(named);
  }

  /** R7: whether refused connections prove the crash. */
  boolean refusalProves(boolean refused, boolean stillHeard) {
    return refused && !stillHeard;
  }

  /** R10: whether a read taken at {@code time} may be answered. */
  boolean mayAnswerRead(Leases leases, long time) {
    return leases.confirmedSince(time);
  }
}
