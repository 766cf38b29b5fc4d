package chat.server.replication;

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

  @Override
  public String toString() {
    return Integer.toString(value);
  }
}
