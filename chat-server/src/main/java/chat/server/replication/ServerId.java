package chat.server.replication;

import org.jspecify.annotations.Nullable;

/** The number of a configured server, 1 to 255. */
public record ServerId(int value) implements Comparable<ServerId> {
  public ServerId {
    if (value < 1 || value > 255) {
      throw new IllegalArgumentException("server id " + value + " is not between 1 and 255");
    }
  }

  @Override
  public int compareTo(ServerId other) {
    return Integer.compare(value, other.value);
  }

  // Written out: see LogPosition.
  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof ServerId that && value == that.value;
  }

  @Override
  public int hashCode() {
    return value;
  }

  @Override
  public String toString() {
    return Integer.toString(value);
  }
}
