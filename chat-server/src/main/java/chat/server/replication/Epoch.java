package chat.server.replication;

import org.jspecify.annotations.Nullable;

/**
 * A ballot: a counter and the candidate that drew it, ordered by both, never used twice. A view is
 * named by the ballot in which its value was made. As a number it is {@code counter << 8 |
 * candidate}, which is what clients see as the epoch.
 */
public record Epoch(long number) implements Comparable<Epoch> {
  /** Before any view: the ballot of the view of a cluster that is not born yet (R8). */
  public static final Epoch ZERO = new Epoch(0);

  public Epoch {
    if (number < 0) {
      throw new IllegalArgumentException("negative epoch " + number);
    }
  }

  /** The ballot that {@code candidate} draws with {@code counter}. */
  public static Epoch of(long counter, ServerId candidate) {
    return new Epoch(counter << 8 | candidate.value());
  }

  public long counter() {
    return number >>> 8;
  }

  /** Whether this ballot was drawn by {@code candidate}. */
  public boolean isBy(ServerId candidate) {
    return (number & 0xff) == candidate.value();
  }

  public boolean isAfter(Epoch other) {
    return number > other.number;
  }

  @Override
  public int compareTo(Epoch other) {
    return Long.compare(number, other.number);
  }

  // Written out: see LogPosition.
  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Epoch that && number == that.number;
  }

  @Override
  public int hashCode() {
    return Long.hashCode(number);
  }

  @Override
  public String toString() {
    return counter() + "." + (number & 0xff);
  }
}
