package chat.server.replication;

import org.jspecify.annotations.Nullable;

/**
 * Which of its starts on its disk a server runs in: a later one has a greater number, by how much
 * nobody foresees. Stored before any socket opens (R1).
 */
public record Incarnation(long value) implements Comparable<Incarnation> {
  /** Before the first start: what the view of an unborn cluster names, so nobody is continuous. */
  public static final Incarnation NONE = new Incarnation(0);

  public Incarnation {
    if (value < 0) {
      throw new IllegalArgumentException("negative incarnation " + value);
    }
  }

  @Override
  public int compareTo(Incarnation other) {
    return Long.compare(value, other.value);
  }

  // Written out: see LogPosition.
  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Incarnation that && value == that.value;
  }

  @Override
  public int hashCode() {
    return Long.hashCode(value);
  }

  @Override
  public String toString() {
    return Long.toString(value);
  }
}
