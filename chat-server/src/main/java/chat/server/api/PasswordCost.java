package chat.server.api;

/**
 * What an Argon2id hash costs. Immutable.
 *
 * @param memoryKib memory, in KiB, at least 8 for each lane
 * @param iterations passes over it, at least 1
 * @param parallelism lanes, at least 1
 */
public record PasswordCost(int memoryKib, int iterations, int parallelism) {
  /** Refuses what Argon2 does not define. */
  public PasswordCost {
    if (iterations < 1 || parallelism < 1 || memoryKib < 8 * parallelism) {
      throw new IllegalArgumentException(
          "not a cost of Argon2: m=" + memoryKib + ",t=" + iterations + ",p=" + parallelism);
    }
  }

  /** OWASP's choice for Argon2id: 19 MiB, two passes, one lane. */
  public static PasswordCost standard() {
    return new PasswordCost(19 * 1024, 2, 1);
  }
}
