package chat.server.api;

import chat.common.ErrorReason;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.bouncycastle.crypto.generators.Argon2BytesGenerator;
import org.bouncycastle.crypto.params.Argon2Parameters;

/**
 * Argon2id on a bounded pool of its own, so that a rush of logins slows logins down and nothing
 * else. Hashes travel as PHC strings ({@code $argon2id$v=19$m=19456,t=2,p=1$salt$hash}), which name
 * the cost they were made with: a changed cost leaves old hashes good.
 *
 * <p>What its client has given up is not computed: the client is back by then and asks again, and
 * under a rush all work would be for those who have gone.
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

  /**
   * Hashes a new password with a new salt; the result is a PHC string.
   *
   * @param waiting whether anybody still wants to know
   */
  CompletableFuture<String> hash(String password, BooleanSupplier waiting) {
    return submit(
        waiting,
        () -> {
          byte[] salt = randomBytes(SALT_BYTES);
          return phc(cost, salt, compute(cost, salt, HASH_BYTES, password));
        });
  }

  /**
   * Whether the password is the one of the hash.
   *
   * @param waiting whether anybody still wants to know
   * @throws IllegalArgumentException in the future, if {@code phc} is no hash of this class
   */
  CompletableFuture<Boolean> verify(String password, String phc, BooleanSupplier waiting) {
    return submit(waiting, () -> matches(password, phc));
  }

  /** The work of {@link #verify} for an account that does not exist; always false. */
  CompletableFuture<Boolean> verifyNothing(String password, BooleanSupplier waiting) {
    return submit(waiting, () -> matches(password, dummy));
  }

  /** Ends the threads; what waits is dropped and its futures never complete. */
  @Override
  public void close() {
    pool.shutdownNow();
  }

  /** What is to be computed, if somebody still waits for it then. */
  private record Work<T>(
      Supplier<T> computation, BooleanSupplier waiting, CompletableFuture<T> result)
      implements Runnable {
    @Override
    public void run() {
      try {
        if (waiting.getAsBoolean()) {
          result.complete(computation.get());
        } else {
          giveUp();
        }
      } catch (RuntimeException | Error e) {
        // Memory may be short too. Without an end the attempt at a login would count for ever, and
        // those who wait for what becomes of it would wait as long.
        result.completeExceptionally(e);
      }
    }

    void giveUp() {
      result.completeExceptionally(OutcomeRefusals.givenUp());
    }
  }

  private <T> CompletableFuture<T> submit(BooleanSupplier waiting, Supplier<T> computation) {
    Work<T> work = new Work<>(computation, waiting, new CompletableFuture<>());
    if (!tryQueue(work)) {
      dropWhatIsGivenUp();
      if (!tryQueue(work)) {
        work.result()
            .completeExceptionally(
                Refusal.retryable(
                        ErrorReason.OVERLOADED,
                        "Too many passwords are being checked; try again in a second.",
                        Duration.ofSeconds(1))
                    .asException());
      }
    }
    return work.result();
  }

  private boolean tryQueue(Work<?> work) {
    try {
      pool.execute(work);
      return true;
    } catch (RejectedExecutionException e) {
      return false;
    }
  }

  private void dropWhatIsGivenUp() {
    List<Work<?>> dropped = new ArrayList<>();
    pool.getQueue()
        .removeIf(
            queued ->
                queued instanceof Work<?> work
                    && !work.waiting().getAsBoolean()
                    && dropped.add(work));
    dropped.forEach(Work::giveUp);
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
