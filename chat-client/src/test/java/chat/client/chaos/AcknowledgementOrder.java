package chat.client.chaos;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Who acknowledged what and when, and whether one primary alone can have done so. A message's id is
 * its place in the log. So of two messages, the one that was asked for after the other had been
 * acknowledged must have the higher id, and no id is given twice; two primaries that acknowledge at
 * one time number independently of each other and break that. Thread-safe.
 */
final class AcknowledgementOrder {
  /** The server of an answer that came through the library, which does not tell. */
  static final int UNKNOWN_SERVER = 0;

  private record Acknowledgement(int server, long askedNanos, long answeredNanos, long id) {}

  /** From the first to the last acknowledgement of a server that nobody interrupted. */
  private record Tenure(int server, long fromNanos, long toNanos) {}

  private final List<Acknowledgement> all = new ArrayList<>();

  synchronized void add(int server, long askedNanos, long answeredNanos, long id) {
    all.add(new Acknowledgement(server, askedNanos, answeredNanos, id));
  }

  /** Acknowledgements that one primary cannot have given, in words. */
  synchronized List<String> contradictions() {
    List<String> found = new ArrayList<>();
    Set<Long> ids = new HashSet<>();
    List<Acknowledgement> byAnswer = new ArrayList<>(all);
    byAnswer.sort(Comparator.comparingLong(Acknowledgement::answeredNanos));
    List<Acknowledgement> byAsking = new ArrayList<>(all);
    byAsking.sort(Comparator.comparingLong(Acknowledgement::askedNanos));
    int answered = 0;
    Acknowledgement highest = null;
    for (Acknowledgement asked : byAsking) {
      if (!ids.add(asked.id())) {
        found.add("the id " + asked.id() + " was given twice");
      }
      while (byAnswer.get(answered).answeredNanos() - asked.askedNanos() < 0) {
        Acknowledgement earlier = byAnswer.get(answered++);
        if (highest == null || earlier.id() > highest.id()) {
          highest = earlier;
        }
      }
      if (highest != null && highest.id() >= asked.id()) {
        found.add(
            String.format(
                "server %d gave the id %d after server %d had given %d",
                asked.server(), asked.id(), highest.server(), highest.id()));
      }
    }
    return found;
  }

  /** How many servers acknowledged at one time; of those whose answers came without the library. */
  synchronized int mostPrimariesAtOneTime() {
    List<Tenure> tenures = tenures();
    int most = Math.min(1, tenures.size());
    for (Tenure one : tenures) {
      // Whichever begins last of those that overlap has all the others around its beginning.
      long around =
          tenures.stream()
              .filter(other -> other.server() != one.server())
              .filter(other -> other.fromNanos() - one.fromNanos() <= 0)
              .filter(other -> other.toNanos() - one.fromNanos() > 0)
              .map(Tenure::server)
              .distinct()
              .count();
      most = Math.max(most, (int) around + 1);
    }
    return contradictions().isEmpty() ? most : Math.max(2, most);
  }

  /** How often another server than before acknowledged. */
  synchronized int takeovers() {
    return Math.max(0, tenures().size() - 1);
  }

  /**
   * In the order of the log. A primary acts for certain from its first answer to its last asking.
   */
  private List<Tenure> tenures() {
    List<Tenure> tenures = new ArrayList<>();
    List<Acknowledgement> byId =
        all.stream()
            .filter(one -> one.server() != UNKNOWN_SERVER)
            .sorted(Comparator.comparingLong(Acknowledgement::id))
            .toList();
    for (Acknowledgement next : byId) {
      Tenure last = tenures.isEmpty() ? null : tenures.get(tenures.size() - 1);
      if (last == null || last.server() != next.server()) {
        tenures.add(new Tenure(next.server(), next.answeredNanos(), next.askedNanos()));
      } else {
        tenures.set(
            tenures.size() - 1,
            new Tenure(
                last.server(),
                Math.min(last.fromNanos(), next.answeredNanos()),
                Math.max(last.toNanos(), next.askedNanos())));
      }
    }
    return tenures;
  }
}
