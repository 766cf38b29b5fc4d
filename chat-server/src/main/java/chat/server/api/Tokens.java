package chat.server.api;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;

/**
 * Session tokens: 256 random bits in base64url. Only their SHA-256 leaves this package, so that
 * neither log nor database can be used to take over a session. Thread-safe.
 */
final class Tokens {
  private static final int TOKEN_BYTES = 32;

  // Never fed, only cloned: every call has a token, and to look a provider up takes longer than to
  // hash.
  private static final MessageDigest SHA_256 = newSha256();

  private final SecureRandom random;

  Tokens(SecureRandom random) {
    this.random = random;
  }

  /** A new token, 43 characters. */
  String create() {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(randomBytes(TOKEN_BYTES));
  }

  byte[] randomBytes(int count) {
    byte[] bytes = new byte[count];
    random.nextBytes(bytes);
    return bytes;
  }

  /** A random positive number, for identities that only have to differ. */
  long randomId() {
    long id = random.nextLong() & Long.MAX_VALUE;
    return id == 0 ? 1 : id;
  }

  /**
   * What commands and queries know a token by. Looking a session up by this hash leaks no timing
   * that helps to guess a token: whoever tries has no say over the hash's bits.
   */
  static byte[] hash(String token) {
    return sha256(token.getBytes(StandardCharsets.UTF_8));
  }

  static byte[] sha256(byte[] bytes) {
    try {
      return ((MessageDigest) SHA_256.clone()).digest(bytes);
    } catch (CloneNotSupportedException e) {
      throw new IllegalStateException("the JDK's SHA-256 can be cloned", e);
    }
  }

  private static MessageDigest newSha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
