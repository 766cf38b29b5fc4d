package chat.server.api;

import chat.common.ErrorReason;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Base64;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.bouncycastle.crypto.generators.Argon2BytesGenerator;
import org.bouncycastle.crypto.params.Argon2Parameters;

/**
 * Argon2id on a bounded pool of its own, so that a rush of logins slows logins down and nothing
 * else. Hashes travel as PHC strings ({@code $argon2id$v=19$m=19456,t=2,p=1$salt$hash}), which name
 * the cost they were made with: a changed cost leaves old hashes good.
 *
 * <p>Thread-safe. Futures complete on the pool's threads, or with {@code OVERLOADED} at once when
 * too many wait.
 */
final class PasswordHasher implements AutoCloseable {
  private static final int SALT_BYTES = 16;
  private static final int HASH_BYTES = 32;
  private static final String PREFIX = "$argon2id$v=19$";

  private final PasswordCost cost;
  private final SecureRandom random;
  private final ThreadPoolExecutor pool;
  private final String dummy;

  PasswordHasher(PasswordCost cost, int threads, int queue, SecureRandom random) {
    this.cost = cost;
    this.random = random;
    this.pool =
        new ThreadPoolExecutor(
            threads,
            threads,
            0,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(queue),
            new NamedThreads("password"));
    // Nobody knows a password for it: a hash of 256 bits drawn at random, never computed.
    this.dummy = phc(cost, randomBytes(SALT_BYTES), randomBytes(HASH_BYTES));
  }

  /** Hashes a new password with a new salt; the result is a PHC string. */
  CompletableFuture<String> hash(String password) {
    return submit(
        () -> {
          byte[] salt = randomBytes(SALT_BYTES);
          return phc(cost, salt, compute(cost, salt, HASH_BYTES, password));
        });
  }

  /**
   * Whether the password is the one of the hash.
   *
   * @throws IllegalArgumentException in the future, if {@code phc} is no hash of this class
   */
  CompletableFuture<Boolean> verify(String password, String phc) {
    return submit(() -> matches(password, phc));
  }

  /** The work of {@link #verify} for an account that does not exist; always false. */
  CompletableFuture<Boolean> verifyNothing(String password) {
    return submit(() -> matches(password, dummy));
  }

  /** Ends the threads; what waits is dropped and its futures never complete. */
  @Override
  public void close() {
    pool.shutdownNow();
  }

  private <T> CompletableFuture<T> submit(Supplier<T> work) {
    try {
      return CompletableFuture.supplyAsync(work, pool);
    } catch (RejectedExecutionException e) {
      return CompletableFuture.failedFuture(
          Refusal.retryable(
                  ErrorReason.OVERLOADED,
                  "Too many passwords are being checked; try again in a second.",
                  Duration.ofSeconds(1))
              .asException());
    }
  }

  private static boolean matches(String password, String phc) {
    String[] parts = phc.startsWith(PREFIX) ? phc.split("\\$", -1) : new String[0];
    if (parts.length != 6) {
      throw new IllegalArgumentException("not an Argon2id hash of version 19");
    }
    PasswordCost cost = parseCost(parts[3]);
    byte[] salt = Base64.getDecoder().decode(parts[4]);
    byte[] expected = Base64.getDecoder().decode(parts[5]);
    return MessageDigest.isEqual(expected, compute(cost, salt, expected.length, password));
  }

  private static PasswordCost parseCost(String text) {
    int memory = 0;
    int iterations = 0;
    int parallelism = 0;
    for (String part : text.split(",", -1)) {
      int value = Integer.parseInt(part.substring(2));
      switch (part.substring(0, 2)) {
        case "m=" -> memory = value;
        case "t=" -> iterations = value;
        case "p=" -> parallelism = value;
        default -> throw new IllegalArgumentException("unknown Argon2 parameter " + part);
      }
    }
    return new PasswordCost(memory, iterations, parallelism);
  }

  private static byte[] compute(PasswordCost cost, byte[] salt, int length, String password) {
    Argon2BytesGenerator generator = new Argon2BytesGenerator();
    generator.init(
        new Argon2Parameters.Builder(Argon2Parameters.ARGON2_id)
            .withVersion(Argon2Parameters.ARGON2_VERSION_13)
            .withMemoryAsKB(cost.memoryKib())
            .withIterations(cost.iterations())
            .withParallelism(cost.parallelism())
            .withSalt(salt)
            .build());
    byte[] hash = new byte[length];
    generator.generateBytes(password.getBytes(StandardCharsets.UTF_8), hash);
    return hash;
  }

  private static String phc(PasswordCost cost, byte[] salt, byte[] hash) {
    Base64.Encoder base64 = Base64.getEncoder().withoutPadding();
    return PREFIX
        + "m="
        + cost.memoryKib()
        + ",t="
        + cost.iterations()
        + ",p="
        + cost.parallelism()
        + "$"
        + base64.encodeToString(salt)
        + "$"
        + base64.encodeToString(hash);
  }

  private byte[] randomBytes(int count) {
    byte[] bytes = new byte[count];
    random.nextBytes(bytes);
    return bytes;
  }
}
